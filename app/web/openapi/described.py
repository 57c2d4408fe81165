"""Descriptions of views, written beside them: what each takes, what it answers, which words its refusals have.

The first sentence of a view's own description is what it does. Who may call it is told by the guard in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ParamSpec, TypeVar

from app.web.openapi.words import TIME, Schema, text, whole

P = ParamSpec("P")
R = TypeVar("R")
ATTRIBUTE, SCOPE_ATTRIBUTE = "callgate_description", "callgate_scope"
JSON, NDJSON, CSV, EVENT_STREAM = "application/json", "application/x-ndjson", "text/csv", "text/event-stream"
HTML, PLAIN, SVG, FORM = "text/html", "text/plain", "image/svg+xml", "application/x-www-form-urlencoded"


class Proof(StrEnum):
    """How a caller proves itself."""

    TOKEN = "token"  # noqa: S105 - a word, not one of them
    """`Authorization: Bearer` with an API token that has the guard's scope."""
    SESSION = "session"
    """A person's session: a cookie, or `Authorization: Bearer` with the session's token."""
    SIGNATURE = "signature"
    """A signature over the request, as CONTRACT §10 and §5 say."""
    KEY = "key"
    """A key in the address or the body."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query, or a header, and a sentence about it."""

    name: str
    sentence: str
    schema: Schema
    place: str = "query"
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in another form than JSON alone; `form` is its media type."""

    form: str
    schema: Schema | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a view beside its name, its address and its guard."""

    about: str
    answers: Mapping[int, Schema | Answer | tuple[Answer, ...] | None]
    query: tuple[Parameter, ...] = ()
    body: Schema | None = None
    body_form: str = JSON
    may_lack_body: bool = False
    refusals: Mapping[int, str] = field(default_factory=dict)
    proof: Proof = Proof.TOKEN


def described(
    about: str,
    answers: Mapping[int, Schema | Answer | tuple[Answer, ...] | None],
    *,
    query: tuple[Parameter, ...] = (),
    body: Schema | None = None,
    body_form: str = JSON,
    may_lack_body: bool = False,
    refusals: Mapping[int, str] | None = None,
    proof: Proof = Proof.TOKEN,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Describe a view: under which head it stands, its answers by status, and the words of its refusals by status.

    Refusals that any view may have (429, 503, 401 and 403 of the guard, 400 and 413 of a body) are not named here.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        description = Description(
            about, answers, query, body, body_form, may_lack_body, refusals or {}, proof
        )
        setattr(view, ATTRIBUTE, description)
        return view

    return decorate


def description_of(view: object) -> Description | None:
    """Return what is said of a view, None where nothing is."""
    found = getattr(view, ATTRIBUTE, None)
    return found if isinstance(found, Description) else None


def scope_of(view: object) -> str | None:
    """Return the scope that the guard in front of a view asks for."""
    found = getattr(view, SCOPE_ATTRIBUTE, None)
    return found if isinstance(found, str) else None


def query(name: str, sentence: str, schema: Schema | None = None, *, is_needed: bool = False) -> Parameter:
    """Return a parameter of the query."""
    return Parameter(name, sentence, text(most=1000) if schema is None else schema, is_needed=is_needed)


def header(name: str, sentence: str, schema: Schema, *, is_needed: bool = False) -> Parameter:
    """Return a header."""
    return Parameter(name, sentence, schema, "header", is_needed)


LIMIT = query("limit", "How many at most.", whole(least=1, most=200))
CURSOR = query("cursor", "The next_cursor of the page before.", text(most=200))
CHANNEL = query("channel", "Only this channel.", text(most=64))
SINCE = query("since", "Only from this time on.", TIME)
UNTIL = query("until", "Only before this time.", TIME)
PAGED = (LIMIT, CURSOR)
BAD_PAGE = "bad_limit bad_cursor"
BAD_LIST = "bad_limit bad_cursor bad_filter bad_time"
UPSTREAM: dict[int, str] = {
    401: "token_rejected login_required *",
    502: "upstream_unavailable upstream_bad_answer upstream_refused *",
    503: "upstream_unavailable *",
}
"""A platform that is called may answer badly, and its own word is told as it is."""
