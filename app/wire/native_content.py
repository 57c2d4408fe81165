"""The shape of a message in a platform's own words, judged when it is accepted; what is fine passes through unchanged."""

from __future__ import annotations

from collections.abc import Collection

from app.core.errors import RequestError
from app.core.exact_json import write_json
from app.core.sending import Message
from app.core.values import JSON

PREVIEW = 200


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
    return " ".join(found[: PREVIEW * 4].split())[:PREVIEW]
