"""What simulated platforms were told to deliver: messages in the order they came, each in its conversation.

Platforms keep here what they took; the pages of the chat view show it, tests and tools read it. How a platform draws its
own markup is in that platform's folder, which hands over finished HTML.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

RECALLED = "recalled"
"""The kind of a message that was taken back."""

MOST_KEPT = 2000
"""Older ones are forgotten first."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """One message as a person finds it.

    `conversation` is a stable word within the platform (`robot`, `user:<id>`), `conversation_title` what stands above it.
    `kind` is the platform's own type (`text`, `markdown`). `text` is what was sent, as it was written; `drawn` is safe HTML,
    made by the platform's folder, None for text without markup. `fields` are lines of a form (a template's), `buttons` pairs
    of text and address, `raw` the request's own body without credentials.
    """

    platform: str
    conversation: str
    conversation_title: str
    kind: str
    text: str
    drawn: Markup | None = None
    heading: str = ""
    mentions: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0
    id: str = ""


def _taken_back(message: Delivered) -> Delivered:
    return replace(
        message,
        kind=RECALLED,
        text="已撤回 · Taken back",
        drawn=None,
        heading="",
        mentions=(),
        fields=(),
        buttons=(),
        raw={},
    )


class Inbox:
    """Everything that was delivered, newest last."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.Lock()
        self._kept: list[Delivered] = []
        self._changes = 0

    def keep(self, delivered: Delivered) -> None:
        """Adds a message."""
        with self._lock:
            self._changes += 1
            self._kept.append(delivered)
            del self._kept[:-MOST_KEPT]

    def of(self, platform: str = "", conversation: str = "") -> list[Delivered]:
        """Returns the messages of a platform and conversation, all where none is named."""
        with self._lock:
            return [
                each
                for each in self._kept
                if platform in ("", each.platform) and conversation in ("", each.conversation)
            ]

    def take_back(self, platform: str, id: str) -> list[Delivered]:
        """Shows a message as taken back from now on; returns it as it was, once for everybody who has it."""
        with self._lock:
            found = [
                each
                for each in self._kept
                if (each.platform, each.id) == (platform, id) and each.kind != RECALLED
            ]
            self._kept = [_taken_back(each) if each in found else each for each in self._kept]
            self._changes += 1
        return found

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._changes += 1
            self._kept.clear()

    @property
    def version(self) -> str:
        """A word that is another one after every change, in another simulator too."""
        return f"{id(self):x}-{self._changes}"
