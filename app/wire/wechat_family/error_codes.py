"""What WeChat's error numbers mean for the person who has to fix it, and the form in which a platform of the family says so.

Source: WeChat "全局返回码", "获取稳定版接口调用凭据", "网页授权" and "生成带参数的二维码" pages (read 2026-11-20).
The number decides, never `errmsg`: that text carries a request id and hints that change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class ErrorCodes:
    """The error numbers of one platform's API, each with a sentence that says what to do; `busy` with seconds to wait."""

    platform: str
    busy: Mapping[int, tuple[int, str]]
    configuration: Mapping[int, str]
    """Only an operator can mend these, and repeating the call changes nothing."""
    dead_grant: Mapping[int, str]
    """Only a new login helps."""
    dead_token: Mapping[int, str]
    """For calls that carry an access token: fetch a new one and repeat the call once."""
    other: Mapping[int, str] = field(default_factory=dict)
    names_our_address: frozenset[int] = frozenset()
    """Where `errmsg` names the address the platform saw, which an operator cannot find elsewhere."""


BUSY: Mapping[int, tuple[int, str]] = {
    -1: (1, "WeChat is busy; the call may be repeated in a moment."),
    45011: (MINUTE, "Too many calls in this minute; the call may be repeated in the next one."),
}

CONFIGURATION: Mapping[int, str] = {
    40001: "WeChat does not accept the AppSecret; copy it again into app_secret, it may have been reset.",
    40002: "WeChat does not know the grant type; this is a fault of the gateway, please report it.",
    40013: "WeChat does not know the AppID; compare app_id with the account's AppID.",
    40125: "WeChat does not accept the AppSecret; copy it again into app_secret, it may have been reset.",
    40164: "This server's address is not in the account's IP whitelist; add it in the console.",
    40243: "The account's AppSecret is frozen; unfreeze it in the console.",
    41002: "The AppID did not arrive; set app_id.",
    41004: "The AppSecret did not arrive; set app_secret.",
    48001: "This account may not use this interface; it usually needs a verified service account.",
    50004: "WeChat forbids this account to fetch tokens; look for a notice in the console.",
    50007: "WeChat has frozen this account; look for a notice in the console.",
    89501: "An administrator of the account must confirm this server's address in WeChat first.",
    89503: "An administrator of the account must confirm this server's address in WeChat first.",
    89506: "An administrator refused this server's address; WeChat allows the next try after 24 hours.",
    89507: "An administrator refused this server's address; WeChat allows the next try after one hour.",
}
DEAD_GRANT: Mapping[int, str] = {
    40029: "WeChat does not know this login code; start the login again.",
    40030: "WeChat does not know this refresh token; log in again.",
    40163: "This login code was used already, as happens when its page is opened twice; start the login again.",
    41008: "The login code did not arrive; start the login again.",
    42002: "The refresh token has expired; log in again.",
    42003: "The login code has expired; start the login again.",
    42007: "The person has changed their WeChat password; log in again.",
}
DEAD_TOKEN: Mapping[int, str] = {
    40001: "WeChat no longer accepts this access token; a newer one was issued.",
    40014: "WeChat does not know this access token.",
    42001: "The access token has expired.",
}
OTHER: Mapping[int, str] = {
    40226: "WeChat holds this person for a high risk and blocks their login; they must lift that in WeChat.",
    40003: "WeChat does not know this OpenID; it may belong to another account.",
    45009: "The day's quota of this interface is used up; it returns at midnight in China.",
    48003: "This person has not agreed to this scope.",
}

WECHAT = ErrorCodes(
    platform="WeChat",
    busy=BUSY,
    configuration=CONFIGURATION,
    dead_grant=DEAD_GRANT,
    dead_token=DEAD_TOKEN,
    other=OTHER,
    names_our_address=frozenset({40164}),
)
"""Official Accounts, website applications and Mini Programs share one list."""
