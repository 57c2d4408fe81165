"""Reading Feishu's answers: HTTP 200 may hide an error, a 404 is plain text, codes are numbers or text.

Source: Feishu Open Platform, pages 获取 user_access_token, 通用错误码 and 频控策略 (read 2026-11-20).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.platforms.feishu.error_codes import error_for
from app.security.outbound import retry_after

RATE_RESET_HEADER: Final = "x-ogw-ratelimit-reset"
OK: Final = 200
TOO_MANY_REQUESTS: Final = 429
SERVER_FAULT: Final = 500
MAX_WAIT: Final = 3600
MAX_TOKEN_LENGTH: Final = 16_384
"""Tokens are 1 to 2 KB long; the page asks to reserve 4 KB."""
ERROR_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def content_of(answer: HttpAnswer, *, base_setting: str) -> Mapping[str, Any]:
    """Return the JSON object of a call that succeeded; raises UpstreamError or its kin for every other one.

    `base_setting` is named in the message when there is no JSON, because then the address is usually wrong.
    """
    content = _json(answer, base_setting)
    code = _error_code(answer, content)
    if _is_busy(answer):
        raise UpstreamUnavailable(
            "Feishu cannot answer at the moment; the call may be repeated later.",
            platform_code=code,
            retry_after=_wait(answer),
        )
    if code is not None:
        raise error_for(code, retry_after=_wait(answer))
    return content


def token_text(value: object) -> str | None:
    """Return a token that can stand in a header, None for anything else."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TOKEN_LENGTH:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def whole_number(value: object) -> int | None:
    """Return a number that may be written as text, None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value) else None


def _is_busy(answer: HttpAnswer) -> bool:
    return answer.status >= SERVER_FAULT or answer.status == TOO_MANY_REQUESTS


def _json(answer: HttpAnswer, base_setting: str) -> Mapping[str, Any]:
    try:
        return answer.json_object()
    except UpstreamError:
        if _is_busy(answer):
            return {}
        raise UpstreamError(
            "platform_refused",
            f"Feishu answered with status {answer.status} and no JSON; check {base_setting} in the channel.",
            platform_code=f"http_{answer.status}",
        ) from None


def _error_code(answer: HttpAnswer, content: Mapping[str, Any]) -> str | None:
    """Return the error an answer carries, None when it carries none; 0 and "0" are success."""
    code = content.get("code")
    if code is not None and not (isinstance(code, int | str) and str(code) == "0"):
        return _safe_word(code)
    if "error" in content:
        return _safe_word(content["error"])
    return None if answer.status == OK else f"http_{answer.status}"


def _safe_word(value: object) -> str:
    is_word = isinstance(value, int | str) and ERROR_WORD.fullmatch(str(value))
    return str(value) if is_word else "unreadable"


def _wait(answer: HttpAnswer) -> int | None:
    """Return the seconds Feishu asks for in its own header, else in Retry-After, None when it names none."""
    for name, value in answer.headers.items():
        if name.lower() == RATE_RESET_HEADER and (seconds := whole_number(value.strip())) is not None:
            return max(1, min(seconds, MAX_WAIT))
    return retry_after(answer)
