"""What DingTalk's API replies: JSON, with a 4xx and a word in `code` for every refusal. Sources: see error_codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.platforms.dingtalk.error_codes import error_for
from app.security.outbound import retry_after

OK: Final = 200
TOO_MANY_REQUESTS: Final = 429
SERVER_FAULT: Final = 500
ERROR_WORD: Final = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
MOST_CHARACTERS: Final = 4096
SHORTEST_LIFETIME: Final = 60
DOCUMENTED_LIFETIME: Final = 7200
LONGEST_LIFETIME: Final = 30 * 86_400
MOST_DIGITS: Final = 9
BUSY: Final = "-1"
WRAPPED: Final = 88
"""An error whose own number is in `sub_code` (unconfirmed)."""


def content_of(answer: HttpAnswer) -> Mapping[str, Any]:
    """Return the JSON object of a call that succeeded; raises UpstreamError or its kin for every other one."""
    if answer.status >= SERVER_FAULT or answer.status == TOO_MANY_REQUESTS:
        raise _unavailable(f"http_{answer.status}", answer)
    try:
        content = answer.json_object()
    except UpstreamError:
        raise UpstreamError(
            "platform_refused",
            f"DingTalk answered with status {answer.status} and no JSON; check api_base in the channel.",
            platform_code=f"http_{answer.status}",
        ) from None
    if answer.status != OK or "code" in content:
        raise error_for(_word(content.get("code"), answer.status), status=answer.status)
    return content


def older_content_of(answer: HttpAnswer) -> Mapping[str, Any]:
    """Return `result` of a call to the older API, which answers 200 with a number in `errcode`; raises as above."""
    if answer.status >= SERVER_FAULT or answer.status == TOO_MANY_REQUESTS:
        raise _unavailable(f"http_{answer.status}", answer)
    try:
        content = answer.json_object()
    except UpstreamError:
        content = {}
    number = content.get("errcode")
    if number == WRAPPED:
        number = content.get("sub_code", number)
    word = str(number) if isinstance(number, int | str) and ERROR_WORD.fullmatch(str(number)) else ""
    if word == BUSY:
        raise _unavailable(word, answer)
    result = content.get("result")
    if word != "0" or answer.status != OK or not isinstance(result, dict):
        raise error_for(word or f"http_{answer.status}", status=answer.status)
    return result


def _unavailable(word: str, answer: HttpAnswer) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        "DingTalk cannot answer at the moment; the call may be repeated later.",
        platform_code=word,
        retry_after=retry_after(answer),
    )


def token_text(value: object) -> str | None:
    """Return a token that can stand in a header, None for anything else."""
    if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def lifetime(value: object) -> int:
    """Return the seconds a token lives, given as a number or as text; the documented two hours for nonsense."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS) or int(text) == 0:
        return DOCUMENTED_LIFETIME
    return max(SHORTEST_LIFETIME, min(int(text), LONGEST_LIFETIME))


def _word(value: object, status: int) -> str:
    is_word = isinstance(value, str) and ERROR_WORD.fullmatch(value)
    return str(value) if is_word else f"http_{status}"
