"""Draws the Markdown that chat platforms show as safe HTML: each platform's folder says which of it the platform knows.

What a platform does not know stays as the letters it was written in, as its own screen shows it. Everything is escaped before
anything is drawn; addresses are http(s) only, and a picture is a link to it, since these pages load nothing from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

DEEPEST = 8
HEADING = re.compile(r"(#{1,6}) +(.+)")
ITEM = re.compile(r"( *)(?:[-*+]|(\d{1,9})[.)]) +(.*)")
RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})")
ALIGNMENT = re.compile(r":?-+:?")
FENCE = "```"
ADDRESS = r"https?://[^\s()<>]+"
PIECES: Mapping[str, str] = {
    "code": r"`(?P<code>[^`\n]+)`",
    "image": rf"!\[(?P<alt>[^\]\n]*)\]\((?P<picture>{ADDRESS})\)",
    "link": rf"\[(?P<label>[^\]\n]*)\]\((?P<address>{ADDRESS})\)",
    "bold": r"\*\*(?P<bold>[^*\n]+(?:\*[^*\n]+\*[^*\n]*)*)\*\*",
    "italic": r"(?<!\*)\*(?P<italic>[^*\s][^*\n]*)\*(?!\*)",
    "strike": r"~~(?P<strike>[^~\n]+)~~",
}
BLOCKS = frozenset({"heading", "quote", "list", "fence", "table", "rule"})


@dataclass(frozen=True)
class MarkdownLook:
    """What a platform knows: names of blocks and pieces, marks of its own, and whether the end of a line ends it on the screen.

    `own` maps a pattern to what draws it; its text is escaped already where it is given to the drawer.
    """

    knows: frozenset[str]
    own: Mapping[str, Callable[[re.Match[str]], Markup]] = field(default_factory=dict)
    lines_end: bool = True
    deepest_quote: int = DEEPEST

    def pieces(self) -> re.Pattern[str]:
        """Returns one pattern for everything that is drawn inside a line."""
        return re.compile(
            "|".join([*self.own, *(PIECES[name] for name in PIECES if name in self.knows), r"(?P<never>$.)"])
        )


WHOLE = MarkdownLook(BLOCKS | frozenset(PIECES))
"""Of a service that shows everything."""


def draw_markdown(text: str, look: MarkdownLook) -> Markup:
    """Draws a text as its platform shows it."""
    return _blocks(text.replace("\r\n", "\n").split("\n"), look, 0)


def _blocks(lines: Sequence[str], look: MarkdownLook, depth: int) -> Markup:
    drawn, at = [], 0
    while at < len(lines):
        block, at = _next_block(lines, at, look, depth)
        drawn.append(block)
    return Markup("").join(drawn)


def _next_block(lines: Sequence[str], at: int, look: MarkdownLook, depth: int) -> tuple[Markup, int]:
    """Draws the block that begins here and returns where the next one does."""
    line, knows = lines[at], look.knows
    if not line.strip():
        return Markup(""), at + 1
    if "fence" in knows and line.startswith(FENCE):
        return _fence(lines, at)
    if "heading" in knows and (found := HEADING.fullmatch(line)):
        level = min(len(found[1]) + 2, 6)
        return Markup("<h{0}>{1}</h{0}>").format(level, _inline(found[2], look)), at + 1
    if "rule" in knows and RULE.fullmatch(line.strip()):
        return Markup("<hr>"), at + 1
    if "quote" in knows and line.startswith(">") and depth < look.deepest_quote:
        end = _while(lines, at, lambda each: each.startswith(">"))
        inner = [each[1:].removeprefix(" ") for each in lines[at:end]]
        return Markup("<blockquote>{}</blockquote>").format(_blocks(inner, look, depth + 1)), end
    if "table" in knows and _is_table(lines, at):
        end = _while(lines, at, lambda each: "|" in each)
        return _table(lines[at:end], look), end
    if "list" in knows and ITEM.fullmatch(line):
        end = _while(lines, at, lambda each: bool(ITEM.fullmatch(each)))
        return _list(lines[at:end], look), end
    end = _while(lines, at + 1, lambda each: not _begins_block(each, look))
    return Markup("<p>{}</p>").format(_lines(lines[at:end], look)), end


def _while(lines: Sequence[str], at: int, fits: Callable[[str], bool]) -> int:
    while at < len(lines) and fits(lines[at]):
        at += 1
    return at


def _begins_block(line: str, look: MarkdownLook) -> bool:
    knows = look.knows
    return (
        not line.strip()
        or ("fence" in knows and line.startswith(FENCE))
        or ("heading" in knows and HEADING.fullmatch(line) is not None)
        or ("quote" in knows and line.startswith(">"))
        or ("list" in knows and ITEM.fullmatch(line) is not None)
        or ("rule" in knows and RULE.fullmatch(line.strip()) is not None)
    )


def _fence(lines: Sequence[str], at: int) -> tuple[Markup, int]:
    end = _while(lines, at + 1, lambda each: not each.startswith(FENCE))
    return Markup("<pre><code>{}</code></pre>").format("\n".join(lines[at + 1 : end])), end + 1


def _list(lines: Sequence[str], look: MarkdownLook) -> Markup:
    """Draws items as one list; what is further in becomes a list inside the item above it."""
    first = ITEM.fullmatch(lines[0])
    assert first is not None
    drawn, at = [], 0
    while at < len(lines):
        found = ITEM.fullmatch(lines[at])
        assert found is not None
        end = _while(lines, at + 1, lambda each: each.startswith(" " * (len(first[1]) + 2)))
        inner = (
            _list(lines[at + 1 : end], look) if end > at + 1 and len(first[1]) < 2 * DEEPEST else Markup("")
        )
        drawn.append(Markup("<li>{}{}</li>").format(_inline(found[3], look), inner))
        at = end
    items = Markup("").join(drawn)
    if first[2]:
        return Markup('<ol start="{}">{}</ol>').format(int(first[2]), items)
    return Markup("<ul>{}</ul>").format(items)


def _is_table(lines: Sequence[str], at: int) -> bool:
    below = _cells(lines[at + 1]) if at + 1 < len(lines) else []
    return "|" in lines[at] and bool(below) and all(ALIGNMENT.fullmatch(cell) for cell in below)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _table(lines: Sequence[str], look: MarkdownLook) -> Markup:
    rows = [_cells(line) for index, line in enumerate(lines) if index != 1]
    tags = ("th", *("td" for _ in rows[1:]))
    drawn = [
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<{0}>{1}</{0}>").format(tag, _inline(cell, look)) for cell in row)
        )
        for tag, row in zip(tags, rows, strict=True)
    ]
    return Markup('<div class="table"><table>{}</table></div>').format(Markup("").join(drawn))


def _lines(lines: Sequence[str], look: MarkdownLook) -> Markup:
    drawn = [_inline(line.rstrip(), look) for line in lines]
    if look.lines_end:
        return Markup("<br>").join(drawn)
    broken, blank = Markup("<br>"), Markup(" ")
    ends = [broken if line.endswith("  ") else blank for line in lines[:-1]]
    return Markup("").join(part + end for part, end in zip(drawn, [*ends, Markup("")], strict=True))


def _inline(text: str, look: MarkdownLook) -> Markup:
    drawn, at = [], 0
    for found in look.pieces().finditer(text):
        drawn += [escape(text[at : found.start()]), _piece(found, look)]
        at = found.end()
    return Markup("").join([*drawn, escape(text[at:])])


def _piece(found: re.Match[str], look: MarkdownLook) -> Markup:
    given = {name: value for name, value in found.groupdict().items() if value is not None}
    if "code" in given:
        return Markup("<code>{}</code>").format(given["code"])
    if "picture" in given:
        label = given["alt"] or given["picture"]
        return Markup('<a class="picture" href="{}" rel="noreferrer">{}</a>').format(given["picture"], label)
    if "address" in given:
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(
            given["address"], given["label"] or given["address"]
        )
    for name, tag in (("bold", "strong"), ("italic", "em"), ("strike", "s")):
        if name in given:
            return Markup("<{0}>{1}</{0}>").format(tag, _inline(given[name], look))
    return next(draw(found) for pattern, draw in look.own.items() if re.fullmatch(pattern, found[0]))
