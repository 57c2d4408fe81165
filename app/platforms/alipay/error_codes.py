"""Alipay's error words in plain sentences: what happened, and what an operator fixes where.

Sources: the table of gateway codes on Alipay's page 公共错误码, as copied by open.alitrip.com (articleId 105806, read 2026-11-28);
isv.code-invalid from Alipay's Node SDK. The words for a dead refresh token are `unconfirmed`; the general code decides for words
that are not listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable

ERROR_WORD: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

BUSY = "Alipay cannot answer at the moment; the call may be repeated later."
RATE_LIMITED = "Alipay's limit of calls is reached for this application; the call may be repeated later."
CODE_DEAD = "Alipay does not know the login code, or it was used before; start the login again."
LOGIN_ENDED = "The login has ended at Alipay; log in again."
TOKEN_ENDED = "Alipay no longer accepts the token."  # noqa: S105 - a sentence
SIGNATURE_REFUSED = (
    "Alipay does not accept the signature of the request: app_private_key does not belong to the application public key (应用公钥) "
    "or certificate under 接口加签方式 in the application's page at open.alipay.com."
)
APP_UNKNOWN = (
    "Alipay does not know app_id; compare it with the application's page at open.alipay.com, and gateway_url with the environment "
    "(sandbox applications have a gateway of their own)."
)
KEY_MISSING = "No public key is set for the application; upload it under 接口加签方式 in the application's page at open.alipay.com."
CLOCK_WRONG = "Alipay does not accept the time of the request; compare this machine's clock."
NOT_PERMITTED = "The application may not use this interface; add the product 获取会员信息 to the application at open.alipay.com and publish it."
PERSON_REFUSED = "This person's Alipay account did not allow it; they must agree when they log in again."

MEANINGS: Mapping[str, tuple[type[UpstreamError], str]] = MappingProxyType(
    {
        "isp.unknow-error": (UpstreamUnavailable, BUSY),
        "aop.unknow-error": (UpstreamUnavailable, BUSY),
        "aop.invalid-auth-token": (TokenRejected, TOKEN_ENDED),
        "aop.auth-token-time-out": (TokenRejected, TOKEN_ENDED),
        "isv.code-invalid": (GrantRejected, CODE_DEAD),
        "isv.refresh-token-invalid": (GrantRejected, LOGIN_ENDED),
        "isv.refresh-token-time-out": (GrantRejected, LOGIN_ENDED),
        "isv.invalid-signature": (UpstreamError, SIGNATURE_REFUSED),
        "isv.missing-signature-key": (UpstreamError, KEY_MISSING),
        "isv.missing-signature-config": (UpstreamError, KEY_MISSING),
        "isv.invalid-app-id": (UpstreamError, APP_UNKNOWN),
        "isv.missing-app-id": (UpstreamError, APP_UNKNOWN),
        "isv.invalid-timestamp": (UpstreamError, CLOCK_WRONG),
        "isv.insufficient-isv-permissions": (UpstreamError, NOT_PERMITTED),
        "isv.insufficient-user-permissions": (UpstreamError, PERSON_REFUSED),
        "isv.app-call-limited": (UpstreamUnavailable, RATE_LIMITED),
        "20000": (UpstreamUnavailable, BUSY),
        "20001": (TokenRejected, TOKEN_ENDED),
        "40005": (UpstreamUnavailable, RATE_LIMITED),
        "40006": (UpstreamError, NOT_PERMITTED),
    }
)
UNKNOWN = "Alipay refused the call; look the word up in its list of general error codes (公共错误码)."


def error_for(code: object, sub_code: object) -> UpstreamError:
    """Return the error for a refused call; none of the platform's own text goes into it."""
    words = [word for word in (_word(sub_code), _word(code)) if word is not None]
    shown = words[0] if words else "unreadable"
    for word in words:
        if word in MEANINGS:
            kind, sentence = MEANINGS[word]
            return _error(kind, sentence, shown)
    return UpstreamError("platform_refused", UNKNOWN, platform_code=shown)


def _error(kind: type[UpstreamError], sentence: str, shown: str) -> UpstreamError:
    if kind is UpstreamError:
        return UpstreamError("platform_refused", sentence, platform_code=shown)
    make: Callable[..., UpstreamError] = kind
    return make(sentence, platform_code=shown)


def _word(value: object) -> str | None:
    is_word = isinstance(value, int | str) and ERROR_WORD.fullmatch(str(value))
    return str(value) if is_word else None
