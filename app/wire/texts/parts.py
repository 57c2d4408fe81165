"""A title and a text written for a channel: in its dialect, in parts that it takes, numbered where there are several."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.core.errors import RequestError
from app.wire.texts.blocks import write_blocks
from app.wire.texts.dialects import Dialect
from app.wire.texts.limits import Limit
from app.wire.texts.readers import clean, read
from app.wire.texts.splitting import Blocks, Fits, take
from app.wire.texts.tree import Heading, Paragraph, Text

LEVEL: Final = 3
"""The title's level, where it stands in the text: large enough to be seen, small enough for a chat."""

LONG_TITLE: Final = 4
"""A title longer than this share of a part, in a text of several parts, is a paragraph that may be cut itself."""


FAR_TOO_LONG: Final = 4
REMEMBERED: Final = 2048
SHORT: Final = 4096
"""Whatever the marks, a text this many times longer than all parts together is refused before it is read."""


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """One part: its title, numbered where there are several, its text in the dialect, and the same in plain words."""

    title: str
    text: str
    plain: str


def write_parts(
    title: str,
    text: str,
    format: str,
    dialect: Dialect,
    limit: Limit,
    *,
    most: int = 5,
    title_in_text: bool = False,
) -> tuple[WrittenPart, ...]:
    """Write a message in a dialect, in at most `most` parts that the limit holds.

    `format` is `markdown`, `text` or `html`. With `title_in_text` the title is the text's first line as well, in the first
    part only; the others begin with their number. Blocks stay whole as long as that needs no more parts than there may be.
    Raises RequestError: `text_too_long`, `no_text`.
    """
    write = _remembered if len(title) + len(text) <= REMEMBERED else _write
    return write(title, text, format, dialect, limit=limit, most=most, title_in_text=title_in_text)


def _write(
    title: str, text: str, format: str, dialect: Dialect, *, limit: Limit, most: int, title_in_text: bool
) -> tuple[WrittenPart, ...]:
    title = " ".join(clean(title).split())
    if format != "html" and len(text) > FAR_TOO_LONG * most * limit.most + SHORT:
        raise _too_long(most)
    blocks = read(text, format) or _only_title(title, title_in_text=title_in_text)
    writer = PartWriter(title, dialect, limit, most, title_in_text=title_in_text)
    return writer.single(blocks) or writer.several(blocks)


_remembered = lru_cache(256)(_write)
"""A message is written when it is accepted and again when it is sent, mostly a moment later."""


def _too_long(most: int) -> RequestError:
    return RequestError(
        "text_too_long",
        f"The text needs more than {most} messages of this channel; shorten it, or put it behind a link.",
    )


def _only_title(title: str, *, title_in_text: bool) -> Blocks:
    if not title:
        raise RequestError("no_text", "There is nothing to say: give a title or a text.")
    return () if title_in_text else (Paragraph((Text(title),)),)


class PartWriter:
    """Writes the parts of one message."""

    def __init__(self, title: str, dialect: Dialect, limit: Limit, most: int, *, title_in_text: bool):
        """Keeps what all parts share."""
        self.title = title
        self.dialect = dialect
        self.limit = limit
        self.most = most
        self.title_in_text = title_in_text

    def single(self, blocks: Blocks) -> tuple[WrittenPart, ...]:
        """Return the message as one part, or nothing where it is too long for that."""
        opened = (*self._opening(self.title), *blocks)
        written = write_blocks(opened, self.dialect)
        return (self._part(self.title, opened, written),) if self.limit.holds(written) else ()

    def several(self, blocks: Blocks) -> tuple[WrittenPart, ...]:
        """Return the message as several parts."""
        title = self.title
        if self.title_in_text and len(title) * LONG_TITLE > self.limit.most - self.limit.reserve:
            title, blocks = "", (Paragraph((Text(title),)), *blocks)
        divided = self._divide(title, blocks, dense=False) or self._divide(title, blocks, dense=True)
        if divided is None:
            raise _too_long(self.most)
        count = len(divided)
        return tuple(
            self._numbered(number, count, title if number == 1 else "", part)
            for number, part in enumerate(divided, start=1)
        )

    def _numbered(self, number: int, count: int, title: str, blocks: Blocks) -> WrittenPart:
        mark = f"({number}/{count})"
        opened = (*self._opening(f"{mark} {title}".strip()), *blocks)
        return self._part(f"{mark} {self.title}".strip(), opened, write_blocks(opened, self.dialect))

    def _divide(self, title: str, blocks: Blocks, *, dense: bool) -> list[Blocks] | None:
        """Return the blocks of each part, None where there are more than there may be."""
        parts: list[Blocks] = []
        while blocks:
            if len(parts) == self.most:
                return None
            mark = f"({self.most}/{self.most}) {'' if parts else title}".strip()
            taken = take(blocks, self._fits_below(self._opening(mark)), dense=dense)
            if taken is None:
                blocks = self._simpler(blocks)
                continue
            parts.append(taken[0])
            blocks = taken[1]
        return parts

    def _fits_below(self, opening: Blocks) -> Fits:
        return lambda blocks: self.limit.holds(write_blocks((*opening, *blocks), self.dialect))

    def _simpler(self, blocks: Blocks) -> Blocks:
        """Return blocks whose first one, of which not a sign fits, is plain words: an address was longer than a part."""
        plain = write_blocks(blocks[:1], Dialect.PLAIN)
        simpler = Paragraph((Text(plain.replace("\n", " ")),))
        if blocks[0] == simpler:
            raise RequestError("text_too_long", "Not even one sign fits into a message of this channel.")
        return (simpler, *blocks[1:])

    def _opening(self, title: str) -> Blocks:
        return (Heading(LEVEL, (Text(title),)),) if self.title_in_text and title else ()

    def _part(self, title: str, blocks: Blocks, written: str) -> WrittenPart:
        return WrittenPart(title=title, text=written, plain=write_blocks(blocks, Dialect.PLAIN))


def first_line_as_title(text: str) -> tuple[str, str]:
    """Return the title and the rest of a Markdown text whose first line is a heading `# …`, else no title and the text."""
    first, _, rest = text.lstrip("\n").partition("\n")
    if not first.startswith("# "):
        return "", text
    blocks = read(first, "markdown")
    return " ".join(write_blocks(blocks, Dialect.PLAIN).split()), rest.lstrip("\n")
