"""Conditions of variants and handshakes: every place must have its text; `*` is any text that is not empty, `-` none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from app.core.errors import VerificationError
from app.security.signatures import same_secret
from app.wire.sources.delivery import Delivery
from app.wire.sources.places import Getter, compile_places

Condition = Callable[[Delivery], bool]

OF_SETTING = "{setting:"
CONTENT = "content"
"""Asks which kind of body came: none, form or other."""


def compile_when(when: dict[str, str]) -> Condition:
    """Return what says whether a delivery has all of it; raises ValueError for a place that is none."""
    wanted = [
        (content_kind if place == CONTENT else compile_places(place), text.encode("utf-8"))
        for place, text in when.items()
        if not text.startswith(OF_SETTING)
    ]
    secret = [
        (compile_places(place), text.removeprefix(OF_SETTING).removesuffix("}"))
        for place, text in when.items()
        if text.startswith(OF_SETTING)
    ]
    return partial(_holds_secrets, wanted, secret) if secret else partial(_holds, wanted)


def _holds_secrets(
    wanted: Sequence[tuple[Getter, bytes]], secret: Sequence[tuple[Getter, str]], delivery: Delivery
) -> bool:
    return _holds(wanted, delivery) and all(
        same_secret(get(delivery) or b"", delivery.settings.get(name, "")) for get, name in secret
    )


def _holds(wanted: Sequence[tuple[Getter, bytes]], delivery: Delivery) -> bool:
    for get, text in wanted:
        try:
            value = get(delivery)
        except VerificationError:
            return False
        if text == b"-":
            if value is not None:
                return False
        elif value is None or text not in (b"*", value):
            return False
    return True


_content_type = compile_places("header:Content-Type")


def content_kind(delivery: Delivery) -> bytes:
    """Say which kind of body came: none, form or other."""
    if not delivery.body:
        return b"none"
    kind = (_content_type(delivery) or b"").lower()
    return b"form" if kind.startswith(b"application/x-www-form-urlencoded") else b"other"
