"""What the error numbers of a suite's calls mean for whoever has to fix it.

Source: WeCom's list as the applications' own table has it, and answers in WeChat's own forum for 40078, 40082 and 40085 (read
2026-11-28); 40083, 40084 and 42009 unconfirmed.
"""

from __future__ import annotations

from app.wire.wechat_family.error_codes import ErrorCodes
from app.wire.wechat_family.work_error_codes import WECOM

SECRET_REFUSED = 40001
NEXT_TICKET = 60
"""Seconds; a ticket comes every ten minutes."""

SUITE = ErrorCodes(
    platform="WeCom",
    busy={
        **WECOM.busy,
        40085: (NEXT_TICKET, "WeCom does not know the ticket; the next one comes within ten minutes."),
    },
    configuration={
        **WECOM.configuration,
        SECRET_REFUSED: "WeCom does not accept the suite's Secret; copy it again into suite_secret.",
        40083: "WeCom does not know the suite; compare suite_id with the SuiteID of the provider's console.",
        60020: "WeCom takes no calls from this server's address; add it to the suite's IP list (IP白名单).",
    },
    dead_grant={
        40078: "WeCom does not know this authorisation code, or it was used already; authorise the suite again.",
        40084: "WeCom does not know this permanent code any more; the company must authorise the suite again.",
    },
    dead_token={
        **WECOM.dead_token,
        40082: "WeCom no longer accepts the suite's token.",
        42009: "The suite's token has expired.",
    },
    other=WECOM.other,
    names_our_address=WECOM.names_our_address,
)

TEMPLATE = ErrorCodes(
    platform="WeCom",
    busy=WECOM.busy,
    configuration={number: text for number, text in SUITE.configuration.items() if number != SECRET_REFUSED},
    dead_grant={
        **SUITE.dead_grant,
        SECRET_REFUSED: "WeCom does not accept the Secret of the company's application any more; press 重新获取Secret in the provider's "
        "console, or have the company authorise the template again.",
    },
    dead_token={},
    other=WECOM.other,
    names_our_address=WECOM.names_our_address,
)
"""What numbers mean when a company's token is fetched with its permanent code as the Secret."""
