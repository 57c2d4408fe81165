"""A text in one of the formats, read into the tree. Whatever it is, reading takes time in step with its length."""

from __future__ import annotations

from typing import Final

from app.core.errors import RequestError
from app.core.storable import storable
from app.wire.texts.html_reader import read_html
from app.wire.texts.markdown_reader import read_markdown
from app.wire.texts.tree import Block, Break, Inline, Paragraph, Text

LONGEST: Final = 256 * 1024
"""Bytes of a text in UTF-8, whatever the channel takes."""

NOT_SHOWN: Final = dict.fromkeys([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


def read(text: str, written_in: str) -> tuple[Block, ...]:
    """Return the tree of a text that is `markdown`, `text` or `html`.

    Raises RequestError("text_too_long") over 256 KB.
    """
    text = clean(text)
    if len(text) > LONGEST or len(text.encode()) > LONGEST:
        raise RequestError("text_too_long", "The text is longer than 256 KB; put it behind a link.")
    if not text.strip():
        return ()
    if written_in == "html":
        return read_html(text)
    tree = read_markdown(text) if written_in == "markdown" else None
    return tree if tree is not None else as_it_is(text)


def clean(text: str) -> str:
    """Return a text with line ends of one kind, without control characters, U+FFFD for half characters."""
    one_kind = text.replace("\r\n", "\n").replace("\r", "\n")
    return storable(one_kind.translate(NOT_SHOWN), len(one_kind))


def as_it_is(text: str) -> tuple[Block, ...]:
    """Return a text as one paragraph in which every line stays a line."""
    inlines: list[Inline] = []
    for number, line in enumerate(text.strip("\n").split("\n")):
        inlines.extend((Break(),) if number else ())
        inlines.extend((Text(line),) if line else ())
    return (Paragraph(tuple(inlines)),)
