"""Answers of a relayed call: looked at as far as needed, without the real token, then handed on piece by piece.

An answer of PEEKED bytes at most is read whole; so it is seen whether the token was refused, and the real token in it is
exchanged for the caller's. Of what is longer it is blotted out and the length stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.core.errors import UpstreamError
from app.core.relay import RelaySource
from app.core.values import JSON
from app.pipeline.relay.headers import headers_back
from app.security.blotting import Blotter, exchanged, forms_of
from app.security.relay_client import PassedAnswer
from app.security.strict_json import parse_json_exactly

PEEKED = 65_536
LONGEST_ANSWER = 100 * 1_048_576
"""What a caller reads slowly waits in this process's memory, so an answer has an end."""

MOST_DIGITS = 15

LOOKED_INTO = ("json", "text/plain", "text/html", "xml")
"""Read to the end without a length that is told; anything else without one, such as a stream of events, goes on at once."""


class Answer:
    """One answer of the platform. `is_whole` says that it was read to its end, and its connection given back."""

    def __init__(self, passed: PassedAnswer):
        self.status = passed.status
        self._passed = passed
        self._headers = headers_back(passed.headers)
        self._pieces = passed.pieces()
        self._begun = b""
        self.is_whole = False
        kind, length = self._value("content-type").lower(), self._length()
        is_text = any(word in kind for word in LOOKED_INTO)
        if (is_text and length is None) or (length is not None and length <= PEEKED):
            try:
                self._peek()
            except BaseException:
                passed.close()
                raise

    def _value(self, name: str) -> str:
        return next((value for each, value in self._headers if each.lower() == name), "")

    def _length(self) -> int | None:
        text = self._value("content-length")
        return int(text[:MOST_DIGITS]) if text.isascii() and text.isdigit() else None

    def _peek(self) -> None:
        """Read the beginning; what ends there is read whole and its connection given back."""
        for piece in self._pieces:
            self._begun += piece
            if len(self._begun) > PEEKED:
                return
        self.is_whole = True
        self._passed.close()

    def says_stale(self, source: RelaySource) -> bool:
        """Say whether the platform refused the token."""
        return self.is_whole and source.says_stale(self.status, self._content())

    def _content(self) -> JSON:
        try:
            return parse_json_exactly(self._begun)
        except ValueError:
            return {}

    def without_token(
        self, real: str, mine: Callable[[], str]
    ) -> tuple[list[tuple[str, str]], Iterator[bytes]]:
        """Return headers and body without the real token; `mine` gives what stands in its place."""
        forms = forms_of(real)
        headers = [
            (name, exchanged(value.encode("latin-1", "replace"), forms, mine().encode()).decode("latin-1"))
            if any(form.decode() in value for form in forms)
            else (name, value)
            for name, value in self._headers
        ]
        if not self.is_whole:
            return headers, self._blotted(forms)
        body = self._begun
        if any(form in body for form in forms):
            body = exchanged(body, forms, mine().encode())
        if body:
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        return headers, iter([body] if body else [])

    def _blotted(self, forms: tuple[bytes, ...]) -> Iterator[bytes]:
        blotter, size = Blotter(forms), 0
        for piece in self._all_pieces():
            size += len(piece)
            if size > LONGEST_ANSWER:
                raise UpstreamError("upstream_bad_answer", "The platform's answer has no end.")
            if text := blotter.feed(piece):
                yield text
        if rest := blotter.end():
            yield rest

    def _all_pieces(self) -> Iterator[bytes]:
        if self._begun:
            yield self._begun
        yield from self._pieces

    def close(self) -> None:
        """Give the connection back, or end it when there is more to come."""
        self._passed.close()
