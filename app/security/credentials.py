"""Takes credentials out of a request before it is stored: headers and parameters by name, data by path. Pure.

Only credentials go. What redaction.py takes out of logs besides (mail addresses, phone numbers) is what a platform has to
say, and stays. Content is never searched for a secret's value: whoever sends text could then find the secret by trying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from app.core.storable import storable
from app.core.values import JSON, CredentialPlaces
from app.security.redaction import MASK, is_secret_header, is_secret_name, redact_credentials

NAMES_REMEMBERED = 2048
LONGEST_REMEMBERED = 64
LONGEST_TOLD = 64
MOST_TOLD = 32
"""Names in what is told as masked; they come from outside."""

SHORTEST_REPEATED = 8
"""A shorter value is not looked for in other headers: it may well be there by chance."""

Headers = tuple[tuple[str, str], ...]

_PLAIN_HEADERS: set[str] = set()
_PLAIN_PARAMETERS: set[str] = set()
"""Names that were judged and are no credential's; only speed hangs on them."""


class MaskedHead(NamedTuple):
    """Headers and query of a request without credentials, and what was masked, such as `header:X-Token`.

    `query` alone stands for a copy of a credential elsewhere in the query.
    """

    headers: Headers
    query_string: str
    masked: tuple[str, ...]


def head_is_plain(headers: Headers, query_string: str, places: CredentialPlaces) -> bool:
    """Say whether neither headers nor query hold a credential; every callback is asked, so mostly by looking names up."""
    if places.headers or places.parameters:
        return not mask_head(headers, query_string, places).masked
    for name, _ in headers:
        if name not in _PLAIN_HEADERS and not _is_plain(name, is_secret_header, _PLAIN_HEADERS):
            return False
    if query_string:
        for part in query_string.split("&"):
            name = part.partition("=")[0]
            if name not in _PLAIN_PARAMETERS and not _is_plain(name, _is_secret_parameter, _PLAIN_PARAMETERS):
                return False
    return True


def mask_head(headers: Headers, query_string: str, places: CredentialPlaces) -> MaskedHead:
    """Return headers and query with credentials masked; a head without any comes back as it is.

    A proxy may repeat the address in a header of its own (X-Original-URI), so what was found is masked there too.
    """
    asked = [pair for pair in headers if places.headers or pair[0] not in _PLAIN_HEADERS]
    found = {pair for pair in asked if _is_credential(pair, places)}
    parts = query_string.split("&") if query_string else []
    parameters = {part for part in parts if _is_parameter(part, places)}
    if not found and not parameters:
        return MaskedHead(headers, query_string, ())
    values = _repeatable([value for _, value in found] + [part.partition("=")[2] for part in parameters])
    kept = tuple(
        (name, MASK if (name, value) in found else _without(value, values)) for name, value in headers
    )
    pairs = zip(headers, kept, strict=True)
    told = [f"header:{name}" for (name, value), (_, masked) in pairs if value != masked]
    told += [f"query:{unquote_plus(part.partition('=')[0])}" for part in parts if part in parameters]
    by_name = "&".join(f"{part.partition('=')[0]}={MASK}" if part in parameters else part for part in parts)
    query = _without(by_name, values)
    return MaskedHead(kept, query, bounded_names([*told, "query"] if query != by_name else told))


def mask_fields(data: JSON, fields: Iterable[str]) -> tuple[JSON, tuple[str, ...]]:
    """Return the data with the values at these paths masked, and which that were; without any, the data as they are."""
    masked = []
    for field in fields:
        without = _masked_at(data, field.split("."))
        if without is not data:
            data = without
            masked.append(f"data:{field}")
    return data, tuple(masked)


def mask_raw_text(raw: bytes, places: CredentialPlaces) -> bytes:
    """Return bytes that nobody could read as anything with what looks like a credential masked; other bytes stay."""
    names = places.parameters | {field.rpartition(".")[2].lower() for field in places.fields}
    text = raw.decode("utf-8", "surrogateescape")
    return redact_credentials(text, names).encode("utf-8", "surrogateescape")


def bounded_names(told: Iterable[str]) -> tuple[str, ...]:
    """Return names as they may be stored: each once, and neither too long nor too many."""
    return tuple(dict.fromkeys(storable(name, LONGEST_TOLD) for name in told))[:MOST_TOLD]


def _is_plain(name: str, is_secret: Callable[[str], bool], remembered: set[str]) -> bool:
    """Judge a name, and remember it where it is no credential's; names come from outside, so few and short ones."""
    if is_secret(name):
        return False
    if len(remembered) < NAMES_REMEMBERED and len(name) <= LONGEST_REMEMBERED:
        remembered.add(name)
    return True


def _is_secret_parameter(name: str) -> bool:
    return is_secret_name(unquote_plus(name))


def _is_credential(pair: tuple[str, str], places: CredentialPlaces) -> bool:
    name, value = pair
    return value not in ("", MASK) and (is_secret_header(name) or name.lower() in places.headers)


def _is_parameter(part: str, places: CredentialPlaces) -> bool:
    name, _, value = part.partition("=")
    is_credential = _is_secret_parameter(name) or unquote_plus(name).lower() in places.parameters
    return is_credential and value not in ("", MASK)


def _repeatable(values: Iterable[str]) -> list[str]:
    """Return what to look for elsewhere, the longest first."""
    texts = {text for value in values for text in _forms(value) if len(text) >= SHORTEST_REPEATED}
    return sorted(texts, key=len, reverse=True)[:MOST_TOLD]


def _forms(value: str) -> Iterator[str]:
    """Yield a value, the token behind `Bearer`, and the value as it reads once it is decoded."""
    yield value
    yield value.rpartition(" ")[2]
    yield unquote_plus(value)


def _without(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, MASK)
    return text


def _masked_at(data: JSON, path: list[str]) -> JSON:
    """Return data with one value masked, copying no more than the way to it."""
    name, *rest = path
    value: Any = data.get(name)
    if rest:
        masked: Any = _masked_at(value, rest) if isinstance(value, Mapping) else value
    else:
        masked = value if value in (None, "", MASK) else MASK
    return data if masked is value else {**data, name: masked}
