"""Says in words what became of one recorded request at a described source, for `flask sources try`. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from app.core.errors import RequestError
from app.core.values import InboundRequest, ParsedEvent
from app.wire.sources.connector import DescribedSource
from app.wire.sources.delivery import Delivery
from app.wire.sources.places import compile_places
from app.wire.sources.signature_text import compile_candidates
from app.wire.sources.templates import compile_template

SECRET = b"<secret>"
LONGEST = 400


class Trial(NamedTuple):
    """Whether the request was taken, the sentences about it, and the event that it gave, if one."""

    is_taken: bool
    sentences: list[str]
    event: ParsedEvent | None = None


def try_request(source: DescribedSource, request: InboundRequest, now: datetime) -> Trial:
    """Judge one request and tell what was signed, what it is, and what refused it."""
    sentences = list(_what_was_signed(source, source.delivery_of(request)))
    try:
        for each in getattr(source, "handshakes", ()):
            if (reply := each.answer(request, now)) is not None:
                return Trial(
                    True, [*sentences, f"A set-up request; the answer is {reply.status}: {_cut(reply.body)}"]
                )
        verified = source.verify(request, now)
        for each in verified.requirements:
            if each.given not in each.expected:
                sentences.append(f"Refused: {each.name} is {each.given!r} and must be {each.setting}.")
                return Trial(False, sentences)
        if (reply := source.challenge(request, verified)) is not None:
            return Trial(
                True,
                [*sentences, f"A signed set-up request; the answer is {reply.status}: {_cut(reply.body)}"],
            )
        event = source.parse(request, verified)
    except RequestError as error:
        return Trial(
            False, [*sentences, f"Refused: {getattr(error, 'reason', error.code)}. {error.explain()}"]
        )
    return Trial(True, [*sentences, f"Taken: type {event.type}, key {event.key}."], event)


def _what_was_signed(source: DescribedSource, delivery: Delivery) -> Iterator[str]:
    signature = source.signature
    if signature.kind in ("token", "basic", "jwt") or signature.each_is_signed:
        return
    try:
        count = len(compile_candidates(signature)(delivery))
        yield f"Signatures found: {count}."
        if signature.timestamp:
            delivery.signed_time = compile_places(signature.timestamp)(delivery) or b""
            yield f"Signed time: {_cut(delivery.signed_time) or 'none'}."
        delivery.secret = SECRET
        signed = compile_template(signature.signed, compile_places(signature.id))(delivery)
        yield f"Signed text: {_cut(signed)}"
    except RequestError as error:
        yield f"What was signed cannot be said: {error.explain()}"


def _cut(raw: bytes) -> str:
    text = raw[:LONGEST].decode("utf-8", "replace")
    return text + (f"… ({len(raw)} bytes)" if len(raw) > LONGEST else "")
