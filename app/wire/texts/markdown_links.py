"""Links and images in Markdown, found in one pass over a line: brackets inside brackets cost nothing extra.

markdown-it-py looks for the end of a link anew at each bracket, as deep as it may nest; 100 kB of `[` take it 10 seconds. The
rules are CommonMark's (0.31.2, sections 6.3 and 6.4, read 2026-11-28): inner links win, code and tags go first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from app.wire.texts.addresses import LONGEST
from app.wire.texts.html_names import tag_end

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

SIGNS: Final = frozenset("\\`<[]")
LONGEST_TITLE: Final = 1000
LONGEST_LABEL: Final = 999


class Found(NamedTuple):
    """A link or an image: where its words end, where it ends, where it leads."""

    words_end: int
    end: int
    address: str
    is_image: bool


def link_rule(state: StateInline, silent: bool) -> bool:
    """Read `[words](address)` and `[words][name]`."""
    if state.src[state.pos] != "[":
        return False
    found = _found_in(state).get(state.pos)
    if found is None or found.is_image or found.end > state.posMax:
        return False
    if not silent:
        _write_link(state, found)
    state.pos = found.end
    return True


def image_rule(state: StateInline, silent: bool) -> bool:
    """Read `![words](address)`."""
    if not state.src.startswith("![", state.pos):
        return False
    found = _found_in(state).get(state.pos + 1)
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": found.address}
        token.content = state.src[state.pos + 2 : found.words_end]
    state.pos = found.end
    return True


def _write_link(state: StateInline, found: Found) -> None:
    whole = state.posMax
    state.push("link_open", "a", 1).attrs = {"href": found.address}
    state.pos, state.posMax = state.pos + 1, found.words_end
    state.md.inline.tokenize(state)
    state.posMax = whole
    state.push("link_close", "a", -1)


def _found_in(state: StateInline) -> Mapping[int, Found]:
    """Return all links and images of the line by the place of their bracket; looked for once."""
    kept = state.env.get("links")
    if kept is None or kept[0] is not state.src:
        kept = (state.src, LinkFinder(state).find())
        state.env["links"] = kept
    links: Mapping[int, Found] = kept[1]
    return links


class LinkFinder:
    """Goes over one line once, with the brackets that are open on a stack."""

    def __init__(self, state: StateInline):
        """Begins at the beginning of the line."""
        self.state = state
        self.text = state.src
        self.open: list[int] = []
        self.found: dict[int, Found] = {}
        self.last_link = -1
        self.last_bracket = -1
        self.runs = _runs_of_backticks(self.text)

    def find(self) -> Mapping[int, Found]:
        """Return what was found."""
        at = 0
        while at < len(self.text):
            at = self._step(at, self.text[at]) if self.text[at] in SIGNS else at + 1
        return self.found

    def _step(self, at: int, sign: str) -> int:
        if sign == "\\":
            return at + 2
        if sign == "`":
            return self._behind_code(at)
        if sign == "<":
            return tag_end(self.text, at) or at + 1
        if sign == "[":
            self.open.append(at)
            self.last_bracket = at
            return at + 1
        return self._close(at)

    def _behind_code(self, at: int) -> int:
        end = at
        while end < len(self.text) and self.text[end] == "`":
            end += 1
        closing = next((place for place in self._later(end - at, end)), None)
        return end if closing is None else closing + end - at

    def _later(self, size: int, at: int) -> Iterator[int]:
        places = self.runs[size]
        while places and places[-1] < at:
            places.pop()
        yield from reversed(places)

    def _close(self, at: int) -> int:
        if not self.open:
            return at + 1
        start = self.open.pop()
        is_image = start > 0 and self.text[start - 1] == "!"
        found = self._inline(at, is_image=is_image) or self._named(start, at, is_image=is_image)
        if found is None or (not is_image and self.last_link > start):
            return at + 1
        self.found[start] = found
        if not is_image:
            self.last_link = start
        return found.end

    def _inline(self, at: int, *, is_image: bool) -> Found | None:
        from markdown_it.helpers import parseLinkDestination, parseLinkTitle

        if not self.text.startswith("(", at + 1):
            return None
        most = min(len(self.text), at + LONGEST + LONGEST_TITLE)
        place = self._behind_blanks(at + 2, most)
        leads = parseLinkDestination(self.text, place, most)
        address = self.state.md.normalizeLink(leads.str) if leads.ok else ""
        place = leads.pos if leads.ok else place
        behind = self._behind_blanks(place, most)
        title = parseLinkTitle(self.text, behind, most)
        if behind > place and title.ok:
            behind = self._behind_blanks(title.pos, most)
        return Found(at, behind + 1, address, is_image) if self.text.startswith(")", behind) else None

    def _named(self, start: int, at: int, *, is_image: bool) -> Found | None:
        """Return what a name of an address, given elsewhere in the text, stands for: `[words][name]`, `[name][]`, `[name]`."""
        from markdown_it.common.utils import normalizeReference

        references = self.state.env.get("references")
        if not references:
            return None
        end, name = at + 1, ""
        if self.text.startswith("[", end):
            closing = self.text.find("]", end, end + LONGEST_LABEL)
            name = self.text[end + 1 : closing] if closing > 0 else ""
            end = closing + 1 if closing > 0 else end
        if not name and self.last_bracket == start and at - start <= LONGEST_LABEL:
            name = self.text[start + 1 : at]
        reference = references.get(normalizeReference(name)) if name else None
        return Found(at, end, reference["href"], is_image) if reference else None

    def _behind_blanks(self, at: int, most: int) -> int:
        while at < most and self.text[at] in " \n\t":
            at += 1
        return at


def _runs_of_backticks(text: str) -> defaultdict[int, list[int]]:
    """Return where runs of backticks begin, by how long they are, the last one first."""
    runs: defaultdict[int, list[int]] = defaultdict(list)
    at = text.find("`")
    while at >= 0:
        end = at
        while end < len(text) and text[end] == "`":
            end += 1
        runs[end - at].append(at)
        at = text.find("`", end)
    for places in runs.values():
        places.reverse()
    return runs
