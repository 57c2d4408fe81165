"""What the error numbers of the third-party platform's calls mean for whoever has to fix it.

Source: WeChat "全局返回码" page (read 2026-11-20); the numbers from 61000 on as public SDKs and answers in WeChat's own forum
give them (read 2026-11-28), 61007 and 61011 unconfirmed.
"""

from __future__ import annotations

from app.wire.wechat_family.error_codes import BUSY, CONFIGURATION, DEAD_GRANT, DEAD_TOKEN, OTHER, ErrorCodes

NEXT_TICKET = 60
"""Seconds; a ticket comes every ten minutes."""

COMPONENT = ErrorCodes(
    platform="WeChat",
    busy={
        **BUSY,
        40091: (NEXT_TICKET, "WeChat does not know the ticket; the next one comes within ten minutes."),
        61005: (NEXT_TICKET, "WeChat calls the ticket expired; the next one comes within ten minutes."),
        61006: (NEXT_TICKET, "WeChat does not know the ticket; the next one comes within ten minutes."),
    },
    configuration={
        **CONFIGURATION,
        40001: "WeChat does not accept the AppSecret; copy it again into component_app_secret.",
        40013: "WeChat does not know the AppID; compare component_app_id with the third-party platform's AppID.",
        40125: "WeChat does not accept the AppSecret; copy it again into component_app_secret.",
        61004: "This server's address is not in the third-party platform's IP whitelist (白名单IP地址列表); add it in the console.",
        61007: "The account has not granted this interface to the third-party platform.",
        61011: "WeChat does not know this third-party platform; compare component_app_id with its AppID.",
    },
    dead_grant={
        **DEAD_GRANT,
        61003: "The account does not authorise this third-party platform any more; its owner must authorise it again.",
        61009: "WeChat does not know this authorisation code, or it was used already.",
        61010: "The authorisation code has expired; the account's owner must authorise again.",
        61023: "WeChat does not know this refresh token; the account's owner must authorise again.",
    },
    dead_token={**DEAD_TOKEN, 42006: "The third-party platform's token has expired."},
    other=OTHER,
    names_our_address=frozenset({40164, 61004}),
)
