"""Messages in a platform's own words: which types it takes, what each needs, how long its texts may be; and lists of recipients in one text.

The shape only; what a platform does with a message, and the tables of types, are in the platforms' folders. `check_native` is for
those whose types differ in what they need, `native_content` for those with one or two, bounded as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from app.core.errors import RequestError
from app.core.exact_json import write_json
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


def native_content(
    message: Message,
    platform: str,
    *,
    types: Collection[str],
    any_of: Collection[str],
    ours: Collection[str] = (),
    most_bytes: int,
) -> JSON:
    """Return a native message's content.

    It must have one of `any_of`, none of `ours` (the recipient and the key are put in by the gateway) and be no larger
    than `most_bytes` as JSON. Raises RequestError (400) with the cure.
    """
    if message.type not in types:
        raise RequestError(
            "unknown_type",
            f"{platform} has no message type of that name; use {' or '.join(sorted(types))}, or title and text.",
        )
    content = message.content
    if not isinstance(content, dict):
        raise RequestError("bad_content", "`content` must be a JSON object, as the platform's page shows it.")
    if misplaced := sorted(set(ours) & content.keys()):
        raise RequestError(
            "bad_content", f"The gateway puts {', '.join(misplaced)} in; leave it out of `content`."
        )
    if not any(content.get(name) not in (None, "", [], {}) for name in any_of):
        raise RequestError("bad_content", f"`content` needs {' or '.join(any_of)}, and it may not be empty.")
    check_size(content, most_bytes, platform)
    return content


def check_size(content: JSON, most_bytes: int, platform: str) -> None:
    """Refuse what is larger than a platform takes, as JSON in UTF-8; raises RequestError (400)."""
    if len(write_json(content)) > most_bytes:
        raise RequestError(
            "text_too_long",
            f"{platform} takes {most_bytes} bytes; shorten the message or put the rest behind a link.",
        )


def text_in(content: JSON, name: str, *, most: int, platform: str) -> None:
    """Refuse a member that is there and is no text, or has more than `most` characters; raises RequestError (400)."""
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestError("bad_content", f"`{name}` must be a text.")
    if value is not None and len(value) > most:
        raise RequestError("text_too_long", f"{platform} takes {most} characters in `{name}`; shorten it.")


def list_in(content: JSON, name: str, *, most: int, platform: str) -> None:
    """Refuse a member that is there and is no list, or has more than `most` elements; raises RequestError (400)."""
    value = content.get(name)
    if value is not None and not isinstance(value, list):
        raise RequestError("bad_content", f"`{name}` must be a list.")
    if value is not None and len(value) > most:
        raise RequestError("text_too_long", f"{platform} takes {most} {name}; send fewer.")


def preview_of(*texts: object) -> str:
    """Return the first text there is on one line, as history shows it."""
    found = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return " ".join(found[: MOST_PREVIEWED * 4].split())[:MOST_PREVIEWED]
