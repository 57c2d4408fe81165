"""Reads what the APIs of the WeChat family answer: errors hide in a 200, lifetimes may be nonsense, names break JSON.

Source: WeChat "全局返回码" and "网页授权" pages (read 2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.security.outbound import retry_after
from app.security.strict_json import parse_json_exactly
from app.wire.wechat_family.error_codes import WECHAT, ErrorCodes

LIFETIME = 7200
"""Seconds; the platform says no access token lives longer."""

IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
CONTROL_CHARACTERS = bytes(range(0x20))
MAX_DIGITS = 18
SERVER_FAULT = 500
TOO_MANY = 429
UNREADABLE_CODE = -2


def token_grant(answer: HttpAnswer, codes: ErrorCodes = WECHAT) -> Mapping[str, Any]:
    """Return the answer to a call that carries the AppSecret or a refresh token; raises UpstreamError and its kin."""
    content, code = _content(answer, codes.platform)
    if code in codes.dead_grant:
        raise GrantRejected(codes.dead_grant[code], platform_code=str(code))
    return _unless_failed(content, code, codes)


def token_use(answer: HttpAnswer, codes: ErrorCodes = WECHAT) -> Mapping[str, Any]:
    """Return the answer to a call that carries an access token; raises TokenRejected when that is what is wrong."""
    content, code = _content(answer, codes.platform)
    if code in codes.dead_token:
        raise TokenRejected(codes.dead_token[code], platform_code=str(code))
    return _unless_failed(content, code, codes)


def code_use(answer: HttpAnswer, codes: ErrorCodes = WECHAT) -> Mapping[str, Any]:
    """Return the answer to a call that carries an access token and a code; raises as both, the token looked at first."""
    _, code = _content(answer, codes.platform)
    if code in codes.dead_grant and code not in codes.dead_token:
        raise GrantRejected(codes.dead_grant[code], platform_code=str(code))
    return token_use(answer, codes)


def needed_text(content: Mapping[str, Any], name: str, platform: str = WECHAT.platform) -> str:
    """Return a text the answer must hold; raises UpstreamError."""
    value = optional_text(content, name)
    if value is None:
        raise UpstreamError("upstream_bad_answer", f"{platform}'s answer has no usable {name}.")
    return value


def optional_text(content: Mapping[str, Any], name: str) -> str | None:
    """Return a text of the answer, None when it is absent, empty or not a text."""
    value = content.get(name)
    return value if isinstance(value, str) and value else None


def lifetime(value: object) -> int:
    """Return a lifetime in seconds that cannot lead to an endless refresh.

    Numbers as text count; zero, negative ones and nonsense mean the documented 7200, which is also the longest.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:MAX_DIGITS])
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return LIFETIME
    return min(value, LIFETIME)


def _content(answer: HttpAnswer, platform: str) -> tuple[Mapping[str, Any], int]:
    if answer.status >= SERVER_FAULT or answer.status == TOO_MANY:
        raise UpstreamUnavailable(
            f"{platform} answered with HTTP status {answer.status}.", retry_after=retry_after(answer)
        )
    try:
        content = parse_json_exactly(_repaired(answer.body))
    except ValueError:
        raise UpstreamError("upstream_bad_answer", f"{platform}'s answer is not a JSON object.") from None
    code = _error_code(content)
    if code == 0 and answer.status != 200:  # noqa: PLR2004 - the one good status
        raise UpstreamError("upstream_bad_answer", f"{platform} answered with HTTP status {answer.status}.")
    return content, code


def _repaired(body: bytes) -> bytes:
    """Return UTF-8 that parses: nicknames carry raw control characters, and the declared charset is not reliable."""
    return body.translate(None, CONTROL_CHARACTERS).decode("utf-8", "replace").encode()


def _error_code(content: Mapping[str, Any]) -> int:
    """Return the error number, 0 for none; what is no number at all is an error too."""
    code = content.get("errcode") or 0
    try:
        return int(code)
    except (ValueError, TypeError, OverflowError):
        return UNREADABLE_CODE


def _unless_failed(content: Mapping[str, Any], code: int, codes: ErrorCodes) -> Mapping[str, Any]:
    if code == 0:
        return content
    if code in codes.busy:
        seconds, sentence = codes.busy[code]
        raise UpstreamUnavailable(sentence, platform_code=str(code), retry_after=seconds)
    if code in codes.configuration:
        raise _misconfigured(content, code, codes)
    sentence = codes.other.get(code, f"{codes.platform} refused the call with error {code}.")
    raise UpstreamError("platform_refused", sentence, platform_code=str(code))


def _misconfigured(content: Mapping[str, Any], code: int, codes: ErrorCodes) -> UpstreamError:
    """Return the error; it names the address that the platform saw, the one thing in `errmsg` an operator needs and cannot find elsewhere."""
    sentence = codes.configuration[code]
    if code not in codes.names_our_address:
        return UpstreamError("platform_configuration", sentence, platform_code=str(code))
    message = content.get("errmsg")
    found = IPV4.search(message) if isinstance(message, str) else None
    seen = f" {codes.platform} saw {found[0]}." if found else ""
    error = UpstreamError("platform_configuration", sentence + seen, platform_code=str(code))
    error.egress_address = found[0] if found else ""
    return error
