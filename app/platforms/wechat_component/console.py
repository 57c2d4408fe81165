"""The fields of the WeChat Open Platform's console of third-party platforms. Source: docs/platforms/wechat-component.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open.weixin.qq.com/",
    (
        Entry(
            "管理中心 → 第三方平台 → 详情",
            "Management centre → Third-party platform → Details",
            keys=("component_app_id", "component_app_secret"),
        ),
        Entry(
            "开发资料 → 消息校验Token、消息加解密Key",
            "Development → Token, encryption key",
            keys=("token", "encoding_aes_key"),
        ),
        Entry("开发资料 → 授权事件接收配置", "Development → Address of authorisation events", "callback_url"),
        Entry(
            "开发资料 → 消息与事件接收配置", "Development → Address of messages and events", "accounts_url"
        ),
        Entry("开发资料 → 授权发起页域名", "Development → Domain of the entry page", "host"),
    ),
)
