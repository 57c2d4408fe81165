"""What OAuth 2.0 servers answer, and what it means; everything from there is hostile until read.

Servers in the field answer 200 with an error inside, wrap answers in `data`, or answer token requests in form
encoding; all three are understood, JSONP and HTML are not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.exact_json import REPLACEMENT
from app.core.ports import HttpAnswer, HttpClient
from app.core.values import TokenSet
from app.security.outbound import origin_of, retry_after
from app.security.redaction import is_secret_name

PROFILE_FIRST = ("username", "email", "quota", "used_quota", "balance_formatted", "created_time", "status")
MAX_PROFILE_FIELDS = 32
MAX_TEXT = 256
MAX_SUBJECT = 255
MAX_TOKEN = 16_384
MAX_LIFETIME = 31_536_000
EXACT_IN_JAVASCRIPT = 2**53
ERROR_WORD = re.compile(r"[\w.-]{1,64}", re.ASCII)
TOKEN = re.compile(rf"[\x21-\x7e]{{1,{MAX_TOKEN}}}")

# Words servers use beside those of the RFCs are GitHub's (docs.github.com, "Troubleshooting OAuth app access token
# request errors", read 2026-11-20).
DEAD_GRANT = frozenset({"invalid_grant", "bad_verification_code", "bad_refresh_token"})
BAD_CLIENT = frozenset({"invalid_client", "unauthorized_client", "incorrect_client_credentials"})
BUSY = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
BAD_TOKEN = frozenset({"invalid_token", "expired_token", "token_expired", "401"})
# What servers put beside a number in `code` when they answer with an envelope, and no record of a person's needs.
ENVELOPE = frozenset({"data", "msg", "message", "errmsg"})


def resource(address: str, tokens: TokenSet, http: HttpClient, *, wanted: Sequence[str]) -> Mapping[str, Any]:
    """Read a protected resource; 401 asks for a refresh, 403 does not.

    `wanted` is the path of what was asked for: where something lies there, a `code` beside it is the record's own field.
    """
    answer = http.request("GET", address, headers={"Authorization": f"Bearer {tokens.access_token}"})
    raise_when_busy(answer)
    if answer.status == 401:  # noqa: PLR2004
        raise TokenRejected(platform_code="401")
    if answer.status == 403:  # noqa: PLR2004
        raise UpstreamError(
            "upstream_forbidden", "The login does not allow this; check scope.", platform_code="403"
        )
    if answer.status >= 400 and not looks_like_json(answer):  # noqa: PLR2004
        raise _refused(str(answer.status))
    body = answer.json_object()
    word = _error_beside(body, wanted)
    if word in BAD_TOKEN:
        raise TokenRejected(platform_code=word)
    if word is not None or answer.status >= 400:  # noqa: PLR2004
        raise _refused(word or str(answer.status))
    return body


def raise_when_busy(answer: HttpAnswer) -> None:
    """Raise UpstreamUnavailable for 429 and 5xx, with what Retry-After asks for."""
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004
        raise UpstreamUnavailable(
            f"The login server answered {answer.status}; try again later.",
            platform_code=str(answer.status),
            retry_after=retry_after(answer),
        )


def looks_like_json(answer: HttpAnswer) -> bool:
    """Say whether the body begins like a JSON object; declared types are not to be trusted."""
    return answer.body.lstrip()[:1] == b"{"


def token_body(answer: HttpAnswer) -> Mapping[str, Any]:
    """Return the members of a token answer, from JSON (also inside `data`) or form encoding."""
    if looks_like_json(answer):
        body = answer.json_object()
        inner = body.get("data")
        is_wrapped = "access_token" not in body and isinstance(inner, dict) and error_of(body) is None
        return inner if is_wrapped and isinstance(inner, dict) else body
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "text/plain"):
        raise _bad_answer()
    try:
        pairs = parse_qsl(answer.body.decode("ascii"), strict_parsing=True, max_num_fields=MAX_PROFILE_FIELDS)
    except ValueError as error:
        raise _bad_answer() from error
    if len(dict(pairs)) != len(pairs) or not {"access_token", "error"} & dict(pairs).keys():
        raise _bad_answer()
    return dict(pairs)


def error_of(body: Mapping[str, Any]) -> str | None:
    """Return the server's error word or number, None when the answer is not an error; the status does not decide."""
    for field in ("error", "error_response"):
        if body.get(field):
            return _word(body[field])
    for field, good in (("errcode", (0, "0")), ("code", (0, "0", 200, "200"))):
        value = body.get(field)
        if value is not None and (isinstance(value, bool) or value not in good):
            return _word(value)
    return "unsuccessful" if body.get("success") is False else None


def _error_beside(body: Mapping[str, Any], wanted: Sequence[str]) -> str | None:
    """Return the error word of an answer that may be somebody's record: their `code` may be a personnel number.

    Beside what was asked for, `code` is the server's own only as a number in an envelope, or as a word for a dead token.
    """
    code = str(body.get("code"))
    is_the_servers = code in BAD_TOKEN or (code.isdigit() and ENVELOPE & body.keys())
    if at_path(body, wanted) is None or is_the_servers:
        return error_of(body)
    return error_of({name: value for name, value in body.items() if name != "code"})


def _word(value: object) -> str:
    """Return an error word fit for logs and people: servers put anything there, the request included."""
    if isinstance(value, dict):
        value = value.get("code") or value.get("type")
    text = str(value) if isinstance(value, str | int) else ""
    return text if ERROR_WORD.fullmatch(text) else "unnamed_error"


def grant_error(word: str, status: int) -> UpstreamError:
    """Return the error for a refused call to token_url or revoke_url."""
    if word in DEAD_GRANT:
        return GrantRejected(platform_code=word)
    if word in BAD_CLIENT or status == 401:  # noqa: PLR2004
        return bad_client(word)
    if word in BUSY:
        return UpstreamUnavailable("The login server is busy; try again later.", platform_code=word)
    return _refused(word)


def bad_client(word: str) -> UpstreamError:
    """Return the error for an application the server does not know or believe."""
    message = (
        "The login server does not accept this application; check client_id, client_secret and client_auth."
    )
    return UpstreamError("upstream_client_rejected", message, platform_code=word)


def _refused(word: str) -> UpstreamError:
    return UpstreamError("upstream_refused", f"The login server refused with {word!r}.", platform_code=word)


def _bad_answer() -> UpstreamError:
    return UpstreamError("upstream_bad_answer", "The login server's answer cannot be understood.")


def token_set(body: Mapping[str, Any], *, scope: str | None, refresh_token: str | None = None) -> TokenSet:
    """Return the tokens of an answer; `scope` and `refresh_token` hold when it does not name new ones."""
    access_token = _token(body.get("access_token"))
    if access_token is None:
        raise UpstreamError("upstream_bad_answer", "The login server's answer holds no usable access_token.")
    granted, kind = body.get("scope"), body.get("token_type")
    return TokenSet(
        access_token=access_token,
        expires_in=_lifetime(body.get("expires_in")),
        refresh_token=_token(body.get("refresh_token")) or refresh_token,
        refresh_expires_in=_lifetime(body.get("refresh_expires_in", body.get("refresh_token_expires_in"))),
        scope=granted if isinstance(granted, str) and granted else scope,
        token_type=kind if isinstance(kind, str) and kind else "Bearer",
    )


def _token(value: object) -> str | None:
    """Return a token that fits into a header: visible ASCII, bounded."""
    is_token = isinstance(value, str) and TOKEN.fullmatch(value)
    return str(value) if is_token else None


def _lifetime(value: object) -> int | None:
    """Return seconds, at most a year; None when the server did not say or said nothing usable.

    A lifetime of 0 or less counts as not said: believed, it would mean a refresh before every single call.
    """
    if isinstance(value, str):
        value = int(value[:20]) if value.isascii() and value.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return max(1, int(min(value, MAX_LIFETIME)))


def at_path(value: object, path: Sequence[str]) -> Any:
    """Return what lies at a path of keys and list positions, None when there is nothing."""
    for step in path:
        if isinstance(value, list):
            position = int(step) if step.isdigit() and len(step) <= 6 else len(value)  # noqa: PLR2004
            value = value[position] if position < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def exact_subject(value: object, path: str) -> str:
    """Return a user id as exact text: text untouched, integers in decimal, anything else refused.

    An id with a replaced character is refused too: several people could come to be the same one.
    """
    text = str(value) if type(value) is int else value
    is_usable = isinstance(text, str) and bool(text.strip()) and len(text) <= MAX_SUBJECT
    if not isinstance(text, str) or not is_usable or "\x00" in text or REPLACEMENT in text:
        message = f"userinfo_url answered without a usable user id at {path!r}; check subject."
        raise UpstreamError("upstream_no_subject", message)
    return text


def first_text(person: object, names: tuple[str, ...]) -> Any:
    """Return the first of these fields that holds text, None when none does."""
    return next(
        (value for name in names if isinstance(value := at_path(person, [name]), str) and value), None
    )


def web_address(value: object) -> str | None:
    """Return an http(s) address that may be handed to a browser, None for anything else."""
    if not isinstance(value, str) or len(value) > 2048:  # noqa: PLR2004
        return None
    try:
        origin_of(value)
    except ValueError:
        return None
    return value


def shown_profile(person: object) -> dict[str, Any]:
    """Return what may be shown: scalar fields, the known ones first, never one with a secret's name."""
    return dict(list(_shown(person))[:MAX_PROFILE_FIELDS]) if isinstance(person, dict) else {}


def _shown(person: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in dict.fromkeys((*PROFILE_FIRST, *person)):
        value = person.get(name)
        if is_secret_name(name) or len(name) > MAX_TEXT:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_IN_JAVASCRIPT:
            value = str(value)
        if isinstance(value, float) and not math.isfinite(value):
            continue
        if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= MAX_TEXT):
            yield name, value
