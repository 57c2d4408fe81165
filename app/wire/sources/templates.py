"""What was signed, as a template: literals and words in braces, compiled once to a function that makes the bytes.

`{body}` `{ts}` `{id}` `{secret}` `{method}` `{url}` `{path}` `{path_qs}` `{host}` `{header:X}` `{json:a.b}` `{md5(body)}`
`{sorted:form;…}` `{sorted_values:…}`; a part in `[…]` is left out when a word in it has no value. Linear in the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from app.core.errors import VerificationError
from app.security.signatures import digest_of
from app.wire.sources.delivery import Delivery
from app.wire.sources.places import SOURCES, Getter, compile_place
from app.wire.sources.sorting import compile_sorted, compile_sorted_values

Template = Callable[[Delivery], bytes]

PIECE = re.compile(r"\{([^{}]{1,200})\}|\[|\]|[^{}\[\]]+|.", re.DOTALL)
FUNCTION = re.compile(r"(md5|sha1|sha256|sha512)\((body|url)\)")
LONGEST = 1000

PLAIN = (
    "body", "ts", "id", "secret", "signature", "url", "url_without_query", "path", "path_qs", "host", "method",
)  # fmt: skip


class _Piece(NamedTuple):
    get: Getter
    word: str


def words_of(text: str) -> list[str]:
    """Return the words of a template."""
    return [match[1] for match in PIECE.finditer(text) if match[1]]


def compile_template(text: str, identifier: Getter | None = None, *, brackets: bool = True) -> Template:
    """Return what makes the bytes of a template; raises ValueError with the word at fault and what is allowed.

    Without `brackets` they are letters like all others, as answers need them.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a template may have {LONGEST} characters")
    if text == "{body}":
        return _body
    segments = _segments(text, identifier, brackets=brackets)
    if segments[-1][0]:
        raise ValueError("a bracket is not closed in the template")
    if len(segments) == 1:
        return _whole(segments[0][1])
    return partial(_with_optional, segments)


Segments = list[tuple[bool, list["_Piece | bytes"]]]


def _segments(text: str, identifier: Getter | None, *, brackets: bool) -> Segments:
    """Take a template apart into optional and other segments."""
    segments: Segments = [(False, [])]
    for match in PIECE.finditer(text):
        piece = match[0]
        if match[1]:
            segments[-1][1].append(_Piece(_word(match[1], identifier), match[1]))
        elif piece in "[]" and brackets:
            _check_bracket(piece, is_open=segments[-1][0])
            segments.append((piece == "[", []))
        elif piece in "{}":
            raise ValueError("a brace stands alone in the template")
        else:
            segments[-1][1].append(piece.encode("utf-8"))
    return segments


def _check_bracket(piece: str, *, is_open: bool) -> None:
    if (piece == "[") is is_open:
        raise ValueError("brackets in a template stand in pairs, and not within each other")


def _whole(pieces: Sequence[_Piece | bytes]) -> Template:
    getters = [
        (piece, None, "") if isinstance(piece, bytes) else (b"", piece.get, piece.word) for piece in pieces
    ]

    def made(delivery: Delivery) -> bytes:
        parts: list[bytes] = []
        for literal, get, word in getters:
            value = literal if get is None else get(delivery)
            if value is None:
                raise _missing(word)
            parts.append(value)
        return b"".join(parts)

    return made


def _with_optional(segments: Sequence[tuple[bool, list[_Piece | bytes]]], delivery: Delivery) -> bytes:
    parts = []
    for is_optional, pieces in segments:
        try:
            parts.append(_whole(pieces)(delivery))
        except VerificationError as error:
            if not is_optional or error.reason != "missing_value":
                raise
    return b"".join(parts)


def _missing(word: str) -> VerificationError:
    return VerificationError(
        "missing_value", f"{word} is a part of what is signed, and the request has none or an empty one."
    )


def _body(delivery: Delivery) -> bytes:
    return delivery.body


def _word(word: str, identifier: Getter | None) -> Getter:
    if (function := FUNCTION.fullmatch(word)) is not None:
        return partial(_digest, function[1], function[2])
    name, _, modifier = word.partition("|")
    if modifier == "lower":
        return partial(_lower, _word(name, identifier))
    if modifier == "seconds":
        return partial(_ten_digits, _word(name, identifier))
    if word == "id" and identifier is not None:
        return identifier
    if word in _PLAIN:
        return _PLAIN[word]
    return _of_places(word, identifier)


def _of_places(word: str, identifier: Getter | None) -> Getter:
    source, _, rest = word.partition(":")
    if source == "sorted":
        return compile_sorted(rest, lambda each: _word(each, identifier))
    if source == "sorted_values":
        return compile_sorted_values([_word(each, identifier) for each in rest.split(",")])
    if source in SOURCES:
        return compile_place(word)
    raise ValueError(
        f"{{{word}}} is no word; allowed are {', '.join(PLAIN)}, places ({', '.join(SOURCES)}), md5(body) and its kin, "
        "sorted:… and sorted_values:…"
    )


def _digest(name: str, of: str, delivery: Delivery) -> bytes:
    content = delivery.body if of == "body" else delivery.url()
    return digest_of(name, content).hex().encode()  # type: ignore[arg-type]


def _lower(get: Getter, delivery: Delivery) -> bytes | None:
    value = get(delivery)
    return None if value is None else value.lower()


def _ten_digits(get: Getter, delivery: Delivery) -> bytes:
    value = get(delivery) or b""
    if len(value) != len("1780000000") or not value.isdigit():
        raise VerificationError("bad_timestamp", "A time that is signed must have ten digits.")
    return value


def _path(delivery: Delivery) -> bytes:
    """Return the path of the address the sender knows; a proxy in between may have changed the one that arrived."""
    return _without_host(delivery.url(with_query=False))


def _path_and_query(delivery: Delivery) -> bytes:
    return _without_host(delivery.url())


def _without_host(url: bytes) -> bytes:
    return b"/" + url.partition(b"://")[2].partition(b"/")[2]


_PLAIN: dict[str, Getter] = {
    "body": _body,
    "ts": lambda delivery: delivery.signed_time or None,
    "secret": lambda delivery: delivery.secret or None,
    "signature": lambda delivery: delivery.signature or None,
    "url": lambda delivery: delivery.url(),
    "url_without_query": lambda delivery: delivery.url(with_query=False),
    "path": _path,
    "path_qs": _path_and_query,
    "host": lambda delivery: delivery.header("Host"),
    "method": lambda delivery: delivery.request.method.encode("ascii", "replace"),
}
