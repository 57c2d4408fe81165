"""The fields of WeCom's administration. Source: docs/platforms/wecom.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://work.weixin.qq.com/wework_admin/frame#apps",
    (
        Entry("我的企业 → 企业信息", "My company → Company information", keys=("corp_id",)),
        Entry("应用管理 → 自建应用", "Apps → your application", keys=("agent_id", "secret")),
        Entry(
            "自建应用 → 接收消息 → 设置API接收 → URL",
            "your application → Receive messages → API → URL",
            "callback_url",
        ),
        Entry(
            "自建应用 → 接收消息 → 设置API接收",
            "your application → Receive messages → API",
            keys=("token", "encoding_aes_key"),
        ),
        Entry(
            "自建应用 → 网页授权及JS-SDK → 设置可信域名",
            "your application → Web authorisation and JS-SDK → Trusted domain",
            "host",
        ),
        Entry(
            "自建应用 → 企业微信授权登录 → Web网页 → 设置授权回调域",
            "your application → Log in with WeCom → Web → Callback domain",
            "host",
        ),
        Entry("群设置 → 消息推送", "Group settings → Message push", keys=("robot_key",)),
    ),
    checks_address=True,
)
