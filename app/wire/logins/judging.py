"""What an answer is: content, or a refusal with a class, a hint and the provider's own code.

429 and 5xx are told from everything else before any rule, then an unreadable body; a rule of the description comes before the
words of RFC 6749, and those before what the status alone says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.security.outbound import retry_after
from app.wire.logins.bodies import Read
from app.wire.logins.description import Condition, Meaning
from app.wire.logins.hints import COMPOSED, HINTS
from app.wire.logins.login import Login
from app.wire.logins.places import Path, alternatives, as_text, first_of

HEADER = "header:"
LONGEST_CODE = 128
TOO_MANY, SERVER_FAULT, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 429, 500, 400, 401, 403
APPLICATION_CALLS = ("token", "refresh", "app_token", "revoke")
"""Calls in which the application proves itself; in the others a token does."""

USUAL: dict[str, str] = {
    "invalid_grant": "grant_rejected/login_again",
    "expired_token": "grant_rejected/login_again",
    "invalid_client": "config/client_secret",
    "unauthorized_client": "config/client_secret",
    "redirect_uri_mismatch": "config/redirect_uri",
    "invalid_redirect_uri": "config/redirect_uri",
    "invalid_scope": "config/scope",
    "insufficient_scope": "config/scope",
    "invalid_token": "token_rejected/refresh",
    "temporarily_unavailable": "unavailable",
    "server_error": "unavailable",
    "slow_down": "unavailable",
}
"""What the words of RFC 6749 §4.1.2.1, §5.2 and RFC 6750 §3.1 mean, and those that most servers use beside them (read 2026-11-28)."""

USUAL_RETURNS = USUAL | {
    "access_denied": "grant_rejected/user_denied",
    "unauthorized_client": "config/client_id",
    "unsupported_response_type": "config/client_id",
    "invalid_request": "config/redirect_uri",
}


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What refusals are worded with: names for people, and what must never be repeated."""

    name: str
    console: str
    redirect_uri: str = ""
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """One answer as conditions look at it."""

    body: Any
    headers: Mapping[str, str]
    code: str | None = None


Look = Callable[[Seen], Any]


def compile_look(where: str) -> Look:
    """Return what looks at a place in an answer: paths in the body or `header:NAME`, others after `|`; the code for no text."""
    if not where:
        return lambda seen: seen.code
    pieces: list[str | tuple[Path, ...]] = [
        piece.removeprefix(HEADER) if piece.startswith(HEADER) else alternatives(piece)
        for piece in (where.split("|") if HEADER in where else [where])
    ]

    def look(seen: Seen) -> Any:
        for piece in pieces:
            found = seen.headers.get(piece) if isinstance(piece, str) else first_of(seen.body, piece)
            if as_text(found) is not None:
                return found
        return _holder(seen, pieces)

    return look


def _holder(seen: Seen, pieces: Iterable[str | tuple[Path, ...]]) -> Any:
    """Return what stands there although it is no text (an object), so that `exists` sees it."""
    return next(
        (
            found
            for each in pieces
            if not isinstance(each, str) and (found := first_of(seen.body, each)) is not None
        ),
        None,
    )


Holds = Callable[[Seen], bool]


def compile_condition(said: Condition | Meaning) -> Holds:
    """Return what says whether every question of a condition is answered with yes."""
    look = compile_look(said.where)
    among, texts = frozenset(said.values), tuple(each.casefold() for each in said.contains)
    none_of = frozenset(said.others) if isinstance(said, Condition) else frozenset()
    exists = said.exists

    def holds(seen: Seen) -> bool:
        found = look(seen)
        text = as_text(found)
        return (
            (exists is None or exists is is_there(found))
            and (not among or text in among)
            and (not none_of or (text is not None and text not in none_of))
            and (not texts or (text is not None and any(each in text.casefold() for each in texts)))
        )

    return holds


def is_there(value: object) -> bool:
    """Say whether a value says something: not null, false, 0 or empty, as a text neither."""
    return bool(value) and value not in ("0", "false", "False")


class Judge:
    """Judges every answer to one description's calls."""

    def __init__(self, login: Login):
        """Compile the rules; raises ValueError for one that makes no sense."""
        self._code = compile_look(login.code)
        self._fails = tuple(compile_condition(each) for each in login.fails)
        self._rules = tuple(
            (rule.at, rule.status, compile_condition(rule), rule.means) for rule in login.errors
        )

    def content(self, answer: HttpAnswer, call: str, read: Read, told: Told) -> Mapping[str, Any]:
        """Return what a good answer says; raises UpstreamError and its kin for every other one."""
        body = _read(answer, read)
        code = _code_of(self._code(Seen(body, answer.headers)), told)
        if answer.status == TOO_MANY or answer.status >= SERVER_FAULT:
            raise _busy(told, answer, code)
        seen = Seen(body if body is not None else {}, answer.headers, code)
        if body is not None and answer.status < BAD_REQUEST and not any(holds(seen) for holds in self._fails):
            return body
        meaning = self._meaning(seen, answer.status, call)
        if meaning is None and body is None:
            raise _busy(told, answer, code)
        raise refusal(meaning or "refused", code, told)

    def returned(self, given: Mapping[str, str], told: Told) -> UpstreamError | None:
        """Return what an error that came back with the browser means, None when it is not told."""
        code = _code_of(given.get("error"), told)
        seen = Seen(dict(given), {}, code)
        meaning = self._ruled(seen, 0, "return", only=True) or USUAL_RETURNS.get(code or "")
        return None if meaning is None else refusal(meaning, code, told)

    def _meaning(self, seen: Seen, status: int, call: str) -> str | None:
        ruled = self._ruled(seen, status, call)
        if ruled is not None:
            return ruled
        word = seen.code or as_text(seen.body.get("error"))
        if (usual := USUAL.get(word or "")) is not None:
            is_token_call = call not in APPLICATION_CALLS
            return "token_rejected/refresh" if is_token_call and word == "expired_token" else usual
        return _by_status(status, call)

    def _ruled(self, seen: Seen, status: int, call: str, *, only: bool = False) -> str | None:
        for at, statuses, holds, means in self._rules:
            is_meant = call in at if only or at else True
            if is_meant and (not statuses or status in statuses) and holds(seen):
                return means
        return None


def refusal(meaning: str, code: str | None, told: Told) -> UpstreamError:
    """Return the error for a class and a hint, with a sentence that says who must do what."""
    kind, _, hint = meaning.partition("/")
    error = _error(kind, _sentence(hint, told), code)
    error.hint = hint or None
    return error


def _error(kind: str, sentence: str | None, code: str | None) -> UpstreamError:
    if kind == "grant_rejected":
        return GrantRejected(*([sentence] if sentence else []), platform_code=code)
    if kind == "token_rejected":
        return TokenRejected(*([sentence] if sentence else []), platform_code=code)
    if kind == "unavailable":
        return UpstreamUnavailable("The login server is busy; try again later.", platform_code=code)
    if kind == "config":
        message = sentence or COMPOSED["set_up"].sentence
        return UpstreamError("platform_configuration", message, platform_code=code)
    said = COMPOSED["refused_with"].sentence.format(code=repr(code)) if code else COMPOSED["refused"].sentence
    return UpstreamError("upstream_refused", said, platform_code=code)


def _sentence(hint: str, told: Told) -> str | None:
    if hint not in HINTS:
        return None
    ours = told.redirect_uri or "the login redirect URL that `flask channels list` prints"
    return HINTS[hint].sentence.format(name=told.name, console=told.console, redirect_uri=ours)


def _busy(told: Told, answer: HttpAnswer, code: str | None) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        COMPOSED["busy"].sentence.format(name=told.name, status=answer.status),
        platform_code=code,
        retry_after=retry_after(answer),
    )


def _by_status(status: int, call: str) -> str | None:
    if status == UNAUTHORIZED:
        return "config/client_secret" if call in APPLICATION_CALLS else "token_rejected/refresh"
    if status == FORBIDDEN and call not in APPLICATION_CALLS:
        return "config/scope"
    return None


def _read(answer: HttpAnswer, read: Read) -> Mapping[str, Any] | None:
    try:
        return read(answer.body)
    except ValueError:
        return None


def _code_of(value: object, told: Told) -> str | None:
    """Return a code fit for operators: short, printable, and without anything secret; providers put anything there."""
    text = as_text(value) if not isinstance(value, bool) else None
    if text is None:
        return None
    is_fit = (
        len(text) <= LONGEST_CODE and text.isprintable() and not any(each in text for each in told.secrets)
    )
    return text if is_fit else "unnamed_error"
