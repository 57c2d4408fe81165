"""What WeCom's error numbers mean for the person who has to fix it, and which page of the console they open for that.

Source: WeCom pages 全局错误码 as listed in WxJava's WxCpErrorMsgEnum, 获取access_token (91039) and 获取访问用户身份 (91023)
(read 2026-11-20). The number decides, never `errmsg`, which carries hints and addresses.
"""

from __future__ import annotations

from app.wire.wechat_family.error_codes import MINUTE, ErrorCodes

PERMISSION = (
    "The application may not read this member; add the person or their department to its visible range (可见范围) on "
    "the application's page of the WeCom console."
)

WECOM = ErrorCodes(
    platform="WeCom",
    busy={
        -1: (1, "WeCom is busy; the call may be repeated in a moment."),
        45009: (MINUTE, "Too many calls; WeCom allows the next one in a minute."),
        45033: (1, "Too many calls at once; the call may be repeated in a moment."),
    },
    configuration={
        40001: "WeCom does not accept the Secret; copy it again from the application's page (应用管理) into secret.",
        40013: "WeCom does not know the company; compare corp_id with the 企业ID of the page My company (我的企业).",
        # 40056 and its sentence are unconfirmed.
        40056: "WeCom does not know the application; compare agent_id with the AgentId of the application's page.",
        40091: "The Secret belongs to another company; corp_id and secret must be of the same one.",
        48002: "The application may not use this interface; look at its permissions on its page of the console.",
        50001: "The address of this gateway is not a trusted one of the application; enter its host, with its port, under "
        "网页授权及JS-SDK (可信域名) and, for the QR code, under 企业微信授权登录 (授权回调域).",
        60011: PERMISSION,
        60020: "WeCom takes no calls from this server's address; add it under 企业可信IP on the application's page.",
        301002: PERMISSION,
    },
    dead_grant={40029: "WeCom does not know this login code, or it was used already; start the login again."},
    dead_token={
        40001: "WeCom no longer accepts this access token.",
        40014: "WeCom does not know this access token.",
        42001: "The access token has expired.",
    },
    other={
        41001: "The access token did not arrive; this is a fault of the gateway, please report it.",
        60111: "WeCom knows no member of this id any more.",
    },
    names_our_address=frozenset({60020}),
)
