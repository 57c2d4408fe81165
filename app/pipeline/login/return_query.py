"""Reading what a login's return says: each parameter once, spelled as agreed, plain text of bounded length.

Only the names a channel declares carry its code. What the platform sends besides is ignored and never shown.
Source: RFC 6749 §3.1 (repeated parameters), §4.1.2; RFC 9207 §2.4 (`iss`); read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlencode

from app.core.errors import RequestError

MAX_QUERY = 8192
MAX_VALUE = 4096


@dataclass(frozen=True, slots=True, repr=False)
class ReturnParameters:
    """What a return says; None is a parameter that was not sent."""

    state: str | None
    code: str | None
    error: str | None
    issuer: str | None
    others: Mapping[str, str] = field(default_factory=dict)


def read_return(
    query_string: bytes, code_names: Sequence[str], other_names: Sequence[str] = ()
) -> ReturnParameters:
    """Return the parameters; raises RequestError for anything repeated, oddly spelled or not plain text.

    A parameter without a value is as if it were not there (RFC 6749 §3.1): some platforms send `error=` beside a code.
    """
    known = _names(code_names, other_names)
    given: dict[str, str] = {}
    for name, value in query_pairs(query_string):
        if name in given or _resembles(name, known):
            raise _bad_return()
        given[name] = value
    found = {name: given[name] for name in known if given.get(name)}
    if not all(map(_is_plain, found.values())):
        raise _bad_return()
    return ReturnParameters(
        state=found.get("state"),
        code=_only_code(found, code_names),
        error=found.get("error"),
        issuer=found.get("iss"),
        others={name: found[name] for name in other_names if name in found},
    )


def posted_parameters(form: bytes, code_names: Sequence[str], other_names: Sequence[str]) -> str:
    """Return a posted return as the query of the same return by GET; raises RequestError.

    Only the names a channel declares go on, repeated ones too: they are judged where every return is judged.
    """
    known = _names(code_names, other_names)
    query = urlencode([(name, value) for name, value in query_pairs(form) if name in known])
    if len(query) > MAX_QUERY:
        raise RequestError("uri_too_long", "The platform's answer is too long; start again.", http_status=414)
    return query


def _names(code_names: Sequence[str], other_names: Sequence[str]) -> set[str]:
    return {"state", "error", "iss", *code_names, *other_names}


def query_pairs(query_string: bytes) -> Iterable[tuple[str, str]]:
    """Decode a query strictly: UTF-8 only, bounded; raises RequestError."""
    if len(query_string) > MAX_QUERY:
        raise RequestError("uri_too_long", "The address is too long.", http_status=414)
    for part in query_string.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            yield _text(name), _text(value)


def _only_code(found: dict[str, str], code_names: Sequence[str]) -> str | None:
    """Some platforms send the code under either of two names; two that differ are refused."""
    codes = {found[name] for name in code_names if name in found}
    if len(codes) > 1:
        raise _bad_return()
    return codes.pop() if codes else None


def _resembles(name: str, known: set[str]) -> bool:
    """Say whether a name is one of the known ones in odd case, or as `name[]` or `name.x`."""
    if name in known:
        return False
    stem = name.split("[", 1)[0].split(".", 1)[0].strip()
    return stem.lower() in {each.lower() for each in known}


def _is_plain(value: str) -> bool:
    return len(value) <= MAX_VALUE and value.isprintable()


def _text(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_return() from None


def _bad_return() -> RequestError:
    return RequestError(
        "bad_callback", "The platform's answer has repeated, unknown or unreadable parameters; start again."
    )
