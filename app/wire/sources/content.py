"""What is inside a proven body: unwrapped step by step, split into events, and named by key and type. Bounded.

A fault here is a PayloadError: the sender is proven, and the body is not what its platform sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.subjects import subject_of
from app.core.values import ParsedEvent
from app.security.signatures import digest_of, sha256_hex
from app.security.strict_json import parse_json
from app.wire.aes_envelopes import AES_BLOCK, aes_cbc_decrypt, aes_gcm_decrypt
from app.wire.sources.delivery import Delivery, xml_of
from app.wire.sources.description import Signature
from app.wire.sources.matching import content_kind
from app.wire.sources.places import Getter, compile_places, walk
from app.wire.wrapped_bodies import (
    GZIP_MAGIC,
    MOST_UNPACKED,
    form_field,
    from_base64,
    gunzip,
    sent_body,
)  # fmt: skip

Step = Callable[[Delivery, bytes], bytes]

UNKNOWN = "unknown"
"""The type of an event whose platform gives none."""

MOST_EVENTS = 1000
GCM_NONCE = 12
BY_HASH = "sha256:"
"""How a key begins that is the hash of a body."""

LINES = "[lines]"
STEPS = "form:<field>, json:<path>, base64, gzip, aes-256-cbc, aes-256-gcm"


def compile_unwrap(signature: Signature) -> list[Step]:
    """Return the steps to what is inside; raises ValueError for one that is not known."""
    return [_step(text) for text in signature.unwrap]


def _step(text: str) -> Step:
    name, _, what = text.partition(":")
    if name == "form" and what:
        return lambda _, content: form_field(content, what)
    if name == "json" and what:
        return partial(_json_step, what)
    if text == "base64":
        return lambda _, content: from_base64(content.strip().replace(b"\n", b""))
    if text == "gzip":
        return lambda _, content: gunzip(content, limit=MOST_UNPACKED)
    if text in ("aes-256-cbc", "aes-256-gcm"):
        return partial(_decrypted, text)
    raise ValueError(f"unwrap step {text!r} is not known; allowed are {STEPS}")


def _json_step(path: str, _delivery: Delivery, content: bytes) -> bytes:
    value = walk(parse_json(content), path)
    if not isinstance(value, str):
        raise ValueError(f"{path} is not text")
    return value.encode("utf-8")


def _decrypted(cipher: str, delivery: Delivery, content: bytes) -> bytes:
    """Open with the SHA-256 of the setting `encrypt_key`; IV or nonce stand in front of what is encrypted."""
    key = digest_of("sha256", delivery.settings.get("encrypt_key", "").encode("utf-8"))
    if cipher == "aes-256-cbc":
        return aes_cbc_decrypt(key, content[:AES_BLOCK], content[AES_BLOCK:], padding_block=AES_BLOCK)
    return aes_gcm_decrypt(key, content[:GCM_NONCE], content[GCM_NONCE:], b"")


def unwrap(signature: Signature, steps: Sequence[Step], delivery: Delivery) -> bytes | None:
    """Go to what is inside and return it, None where nothing is wrapped; raises VerificationError."""
    content = delivery.body
    try:
        if content[:2] == GZIP_MAGIC:
            content = sent_body(delivery.request)
        for step in steps:
            content = step(delivery, content)
        field = signature.json_form_field
        if field and content_kind(delivery) == b"form" and content.startswith(f"{field}=".encode()):
            content = form_field(content, field)
    except ValueError as error:
        raise VerificationError(
            "unreadable_body", f"The body is not wrapped as it should be: {error}."
        ) from error
    if content is delivery.body:
        return None
    delivery.unwrapped(content)
    return content


class Reader:
    """Reads the events of a proven delivery."""

    def __init__(self, signature: Signature, settings: dict[str, str]):
        """Compile the places; raises ValueError."""
        self.split = signature.split
        self.only_lists = signature.only_lists
        self.key = compile_places(settings.get("event_id") or signature.id)
        kind = settings.get("event_type") or signature.type
        self.type: Getter = compile_places(kind, b".") if kind else lambda _: None
        self.occurred = compile_places(signature.occurred) if signature.occurred else None

    def elements(self, delivery: Delivery) -> list[Any]:
        """Return the events of a delivery as they stand in its list; raises PayloadError."""
        if self.split == LINES:
            return _lines(delivery.content)
        found = walk(_tree(delivery), self.split or "")
        if isinstance(found, list) and len(found) <= MOST_EVENTS:
            return found
        if isinstance(found, dict) and not self.split and not self.only_lists:
            return [found]
        raise PayloadError(
            "no_list", message=f"The body holds no list of at most {MOST_EVENTS} events where it should."
        )

    def one(self, delivery: Delivery) -> ParsedEvent:
        """Read a delivery that is one event; raises PayloadError."""
        return self._event(delivery, _data_of(delivery))

    def several(self, delivery: Delivery) -> list[ParsedEvent]:
        """Read each event of a list; raises PayloadError."""
        found = []
        elements = self.elements(delivery)
        for number, element in enumerate(elements):
            delivery.element = element
            event = self._event(delivery, element if isinstance(element, dict) else {"value": element})
            if len(elements) > 1 and event.key and event.key.startswith(BY_HASH):
                # One hash for the whole body would make copies of all events but the first.
                event = event._replace(key=f"{event.key}:{number}")
            found.append(event)
        return found

    def _event(self, delivery: Delivery, data: dict[str, Any]) -> ParsedEvent:
        key, kind = _text(self.key, delivery), _text(self.type, delivery)
        if key is None:
            key = self._fallback(delivery)
        occurred = None if self.occurred is None else moment_or_none(_text(self.occurred, delivery))
        return ParsedEvent(kind or UNKNOWN, key, data, subject_of(data), occurred)

    def _fallback(self, delivery: Delivery) -> str:
        raw = delivery.body if self.split is None else repr(delivery.element).encode("utf-8", "replace")
        return BY_HASH + sha256_hex(raw or delivery.request.query_string.encode("utf-8", "replace"))


def _text(get: Getter, delivery: Delivery) -> str | None:
    try:
        value = get(delivery)
    except VerificationError:
        # The body was read before in another form (a form where others are JSON): it has no such place.
        return None
    return None if value is None else value.decode("utf-8", "replace")


def _tree(delivery: Delivery) -> Any:
    try:
        return delivery.json
    except VerificationError as error:
        raise PayloadError(
            "unreadable_json", message="The body is not JSON, and this platform sends JSON."
        ) from error


def _lines(content: bytes) -> list[Any]:
    lines = [line for line in content.split(b"\n", MOST_EVENTS) if line.strip()]
    try:
        return [parse_json(line) for line in lines]
    except ValueError as error:
        raise PayloadError("unreadable_json", message="A line of the body is not JSON.") from error


def _data_of(delivery: Delivery) -> dict[str, Any]:
    """Return the whole decoded body, whatever form it has, or the parameters of the address where there is none."""
    content = delivery.content
    first = content.lstrip()[:1]
    try:
        if delivery.claims is not None and not first.startswith((b"{", b"[")):
            return dict(delivery.claims)
        if not content:
            return _named(delivery.query)
        if first == b"<":
            return xml_of(content)
        if first in (b"{", b"[") or content_kind(delivery) != b"form":
            value = delivery.json
            return value if isinstance(value, dict) else {"items": value}
        return _named(delivery.form)
    except (ValueError, VerificationError) as error:
        raise PayloadError(
            "unreadable_body",
            message="The body is neither JSON nor XML nor a form, or not quite one of them.",
        ) from error


def _named(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in pairs:
        data.setdefault(name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
    return data
