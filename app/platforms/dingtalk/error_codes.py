"""DingTalk's error words in plain sentences: what happened, and what an operator fixes where.

Sources: error answers recorded from open-source connectors, a copy of DingTalk's page on the app token (read 2026-11-27). The exact words for
client, token and permission are partly `unconfirmed`; words not listed are judged by the HTTP status. The numbers are those of the older API: 40078 and
60121 are quoted by several public repositories (read 2026-11-28), the others are `unconfirmed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.core.errors import GrantRejected, TokenRejected, UpstreamError

CODE_DEAD = "DingTalk does not know the login code, or it was used before; start the login again."
LOGIN_ENDED = "The login has ended at DingTalk; log in again."
TOKEN_ENDED = "DingTalk no longer accepts the token."  # noqa: S105 - a sentence
BAD_CLIENT = (
    "DingTalk does not accept app_key and app_secret; copy Client ID and Client Secret from Credentials (凭证与基础信息) of the application at "
    "open-dev.dingtalk.com."
)
NOT_PERMITTED = (
    "The application lacks a permission; add 通讯录个人信息读权限 (Contact.User.Read) under Permissions (权限管理) at open-dev.dingtalk.com and "
    "publish a version."
)
NOT_ALLOWED_ADDRESS = "This gateway's address is not allowed; add it to the exit IPs (服务器出口IP) under Security (安全设置) at open-dev.dingtalk.com."
NOT_A_MEMBER = "Only members of the company can log in here, and DingTalk says that you are none of this one."
MEMBERS_NOT_PERMITTED = (
    "The application may not read members; add 成员信息读权限 (qyapi_get_member) under Permissions (权限管理) at open-dev.dingtalk.com and publish "
    "a version."
)
UNKNOWN = "DingTalk refused the call; look the word up in its list of error codes (错误码)."

MEANINGS: Mapping[str, tuple[type[UpstreamError], str]] = MappingProxyType(
    {
        "invalidParameter.authCode.notFound": (GrantRejected, CODE_DEAD),
        "invalidParameter.refreshToken.notFound": (GrantRejected, LOGIN_ENDED),
        "invalidClientIdOrSecret": (UpstreamError, BAD_CLIENT),
        "InvalidAuthentication": (TokenRejected, TOKEN_ENDED),
        "Forbidden.AccessDenied.AccessTokenPermissionDenied": (UpstreamError, NOT_PERMITTED),
        "Forbidden.AccessDenied.IpNotInWhiteList": (UpstreamError, NOT_ALLOWED_ADDRESS),
        "40078": (GrantRejected, CODE_DEAD),
        "40014": (TokenRejected, TOKEN_ENDED),
        "42001": (TokenRejected, TOKEN_ENDED),
        "40089": (UpstreamError, BAD_CLIENT),
        "60020": (UpstreamError, NOT_ALLOWED_ADDRESS),
        "60011": (UpstreamError, MEMBERS_NOT_PERMITTED),
        "60121": (UpstreamError, NOT_A_MEMBER),
    }
)


def error_for(word: str, *, status: int) -> UpstreamError:
    """Return the error for a refused call; none of the platform's own text goes into it."""
    kind, sentence = MEANINGS.get(word) or _by_status(status)
    if kind is GrantRejected:
        return GrantRejected(sentence, platform_code=word)
    if kind is TokenRejected:
        return TokenRejected(sentence, platform_code=word)
    error = UpstreamError("platform_refused", sentence, platform_code=word)
    error.egress_address = "" if sentence == NOT_ALLOWED_ADDRESS else None
    return error


def _by_status(status: int) -> tuple[type[UpstreamError], str]:
    if status == 401:  # noqa: PLR2004 - Unauthorized says it without a word, too
        return TokenRejected, TOKEN_ENDED
    return UpstreamError, NOT_PERMITTED if status == 403 else UNKNOWN  # noqa: PLR2004
