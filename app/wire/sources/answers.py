"""Answers in a platform's own words: texts and JSON with words in braces, and what a set-up request gets back.

A text of the caller that is sent back, or signed with the key of events, has a limited alphabet and length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from app.core.errors import VerificationError
from app.core.exact_json import write_json
from app.core.values import InboundRequest, Reply
from app.security.signatures import hmac_of
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Answer, Handshake, Signature
from app.wire.sources.keys import encoded, sign_with_seed
from app.wire.sources.matching import Condition, compile_when
from app.wire.sources.places import Getter, compile_place
from app.wire.sources.templates import compile_template, words_of

PLAIN_ECHO = re.compile(rb"[ !#-%(-;=?-~]{1,512}")
WORD_ECHO = re.compile(rb"[A-Za-z0-9+/=_.-]{1,256}")
LETTERS_ECHO = re.compile(rb"[A-Za-z0-9]{1,64}")
HEX_ECHO = re.compile(rb"[0-9a-f]{20,40}")
BASE64_ECHO = re.compile(rb"[A-Za-z0-9+/=_-]{1,256}")
ORIGIN_ECHO = re.compile(rb"[A-Za-z0-9.:*-]{1,253}")
ECHOES = {
    "plain": PLAIN_ECHO,
    "word": WORD_ECHO,
    "letters": LETTERS_ECHO,
    "hex": HEX_ECHO,
    "base64": BASE64_ECHO,
    "origin": ORIGIN_ECHO,
}
"""Letters that a text of the caller may have: none of them is markup, and no event can be written with them."""

TEXT = "text/plain; charset=utf-8"
NUMBER = "|number}"
OF_REQUEST = ("header:", "query:", "form:", "params:", "json:", "xml:", "first_key:")

Fill = Callable[[Delivery], Any]
MakeReply = Callable[[Delivery], Reply]


def compile_answer(answer: Answer) -> MakeReply:
    """Return what makes an answer; raises ValueError for a template that is none."""
    headers = [(name, compile_template(text, brackets=False)) for name, text in answer.headers.items()]
    if answer.json_body is not None:
        fill, kind = _filled(answer.json_body), "application/json"
        body: Fill = lambda delivery: write_json(fill(delivery))  # noqa: E731
    else:
        body, kind = compile_template(answer.text or "", brackets=False), TEXT
    content_type = answer.content_type or kind

    def made(delivery: Delivery) -> Reply:
        extra = tuple((name, _header_text(text(delivery))) for name, text in headers)
        return Reply(answer.status, body(delivery), content_type, headers=extra)

    return made


def _header_text(raw: bytes) -> str:
    text = raw.decode("latin-1")
    if not text.isprintable():
        raise _bad_echo()
    return text


def _filled(value: Any) -> Fill:
    if isinstance(value, dict):
        inner = {name: _filled(each) for name, each in value.items()}
        return lambda delivery: {name: fill(delivery) for name, fill in inner.items()}
    if isinstance(value, list):
        listed = [_filled(each) for each in value]
        return lambda delivery: [fill(delivery) for fill in listed]
    if not isinstance(value, str) or "{" not in value:
        return lambda _: value
    if value.endswith(NUMBER):
        return partial(_number, compile_place(value[1 : -len(NUMBER)]))
    template = compile_template(value, brackets=False)
    return lambda delivery: template(delivery).decode("utf-8", "replace")


def _number(get: Getter, delivery: Delivery) -> int:
    text = get(delivery) or b""
    if not text.isdigit() or len(text) > 20:  # noqa: PLR2004 - digits of 64 bits
        raise _bad_echo()
    return int(text)


def echoed_places(handshake: Handshake) -> list[str]:
    """Return the places of the request that an answer repeats or signs."""
    texts = [handshake.signs, handshake.answer.text or "", *handshake.answer.headers.values()]
    words = [word for text in texts for word in words_of(text)]
    words += _words_in(handshake.answer.json_body)
    return [word.partition("|")[0] for word in words if word.startswith(OF_REQUEST)]


def _words_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for each in value.values() for word in _words_in(each)]
    if isinstance(value, list):
        return [word for each in value for word in _words_in(each)]
    return words_of(value) if isinstance(value, str) else []


@dataclass(repr=False)
class SetUp:
    """One compiled set-up request; as app.core.ports.Handshake it is asked before any proof where it is not signed."""

    name: str
    method: str
    condition: Condition
    echoed: tuple[Getter, ...]
    alphabet: re.Pattern[bytes]
    sign: Callable[[Delivery], None] | None
    make: MakeReply
    delivery_of: Callable[[InboundRequest], Delivery]

    def answer(self, request: InboundRequest, now: datetime) -> Reply | None:
        """Return the answer, None when the request is something else; raises VerificationError."""
        return self.reply(self.delivery_of(request)) if request.method == self.method else None

    def reply(self, delivery: Delivery) -> Reply | None:
        """Return the answer to a delivery, None when it is something else; raises VerificationError."""
        if delivery.request.method != self.method or not self.condition(delivery):
            return None
        for get in self.echoed:
            value = get(delivery)
            if value is None or self.alphabet.fullmatch(value) is None:
                raise _bad_echo()
        if self.sign is not None:
            self.sign(delivery)
        return self.make(delivery)


def _bad_echo() -> VerificationError:
    return VerificationError(
        "bad_challenge",
        "A set-up request asks for a text back that is missing, too long, or no plain word; signed with the key of events "
        "it could pass for one.",
    )


def compile_handshake(
    signature: Signature,
    number: int,
    keys: tuple[bytes, ...],
    delivery_of: Callable[[InboundRequest], Delivery],
) -> SetUp:
    """Return a set-up request of a description; raises ValueError."""
    handshake = signature.handshakes[number]
    signing = (
        partial(_sign, signature, handshake, keys, compile_template(handshake.signs))
        if handshake.signs
        else None
    )
    return SetUp(
        name=f"{handshake.method} {', '.join(handshake.when)}",
        method=handshake.method,
        condition=compile_when(handshake.when),
        echoed=tuple(compile_place(place) for place in echoed_places(handshake)),
        alphabet=ECHOES[handshake.echo],
        sign=signing,
        make=compile_answer(handshake.answer),
        delivery_of=delivery_of,
    )


def _sign(
    signature: Signature, handshake: Handshake, keys: tuple[bytes, ...], template: Any, delivery: Delivery
) -> None:
    if not keys:
        raise VerificationError("bad_signature", "No secret is set, so a set-up request cannot be answered.")
    message = template(delivery)
    if signature.kind == "ed25519":
        raw = sign_with_seed(keys[0], message)
    else:
        raw = hmac_of(signature.digest, keys[0], message)
    delivery.signature = encoded(raw, handshake.signs_encoding)


def short_challenge(text: str) -> Handshake:
    """Read `json:challenge when json:type=url_verification`; raises ValueError."""
    place, _, condition = text.partition(" when ")
    where, sign, value = condition.partition("=")
    if not sign or not place.startswith("json:"):
        raise ValueError("challenge reads `json:<path> when json:<path>=<text>`")
    name = place.rpartition(".")[2].rpartition(":")[2]
    answer = Answer.model_validate({"json": {name: f"{{{place.strip()}}}"}})
    return Handshake(when={where.strip(): value.strip()}, answer=answer)
