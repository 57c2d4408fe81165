"""Messages in a platform's own words: which types it takes, what each needs, how long its texts may be; and lists of recipients in one text.

The shape only; what a platform does with a message, and the tables of types, are in the platforms' folders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from app.core.errors import RequestError
from app.core.sending import Message, Recipient, SendRefused
from app.core.values import JSON

MOST_PREVIEWED = 200
NOTHING: Mapping[str, int] = MappingProxyType({})


class NativeType(NamedTuple):
    """One type of message: fields that must be texts with something in them, the most bytes of some, and whatever else is wrong."""

    needs: tuple[str, ...] = ()
    most_bytes: Mapping[str, int] = NOTHING
    fault: Callable[[JSON], str | None] | None = None
    """Returns a sentence that says what is wrong with the content and how it is put right."""


def check_native(message: Message, types: Mapping[str, NativeType], platform: str) -> None:
    """Refuse a message that the platform would refuse for its shape; the content itself stays as it is.

    Raises RequestError `unknown_type`, `bad_content` or `text_too_long`.
    """
    known = types.get(message.type)
    if known is None:
        raise RequestError("unknown_type", f"{platform} takes these types here: {', '.join(types)}.")
    for name in known.needs:
        value = message.content.get(name)
        if not isinstance(value, str) or not value.strip():
            raise RequestError("bad_content", f"content.{name} must be a text for the type {message.type}.")
    for name, most in known.most_bytes.items():
        value = message.content.get(name)
        if isinstance(value, str) and (size := bytes_of(value)) > most:
            raise RequestError(
                "text_too_long",
                f"content.{name} has {size} bytes in UTF-8 and {platform} takes {most}; shorten it, or send title and text, "
                "which are split.",
            )
    if known.fault is not None and (sentence := known.fault(message.content)) is not None:
        raise RequestError("bad_content", sentence)


def native_preview(message: Message) -> str:
    """Return what history shows of a message in the platform's own words."""
    for name in ("content", "text", "title", "description"):
        value = message.content.get(name)
        if isinstance(value, str) and value.strip():
            return value[:MOST_PREVIEWED]
    return f"[{message.type}]"


def bytes_of(text: str) -> int:
    """Return how many bytes a text has in UTF-8; half a surrogate pair, which has none, counts as a question mark."""
    return len(text.encode("utf-8", "replace"))


def apart(to: Sequence[Recipient], separator: str, platform: str) -> tuple[list[str], dict[str, str]]:
    """Return the recipients that may stand in one text with this separator, and why the others may not.

    Raises SendRefused where none may: an id with the separator in it would name others.
    """
    sentence = f"This is no id of {platform}: it is empty or has a {separator!r} in it."
    unusable = {each.value: sentence for each in to if not each.value or separator in each.value}
    values = [each.value for each in to if each.value not in unusable]
    if not values:
        raise SendRefused("recipient", sentence)
    return values, unusable
