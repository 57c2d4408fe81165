"""Rules of ours for markdown-it-py: tags of HTML are left out, and what would take long on hostile text is refused early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.wire.texts.html_names import KNOWN

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

LONGEST_TAG: Final = 1000


def extend(parser: MarkdownIt) -> MarkdownIt:
    """Add our rules to a parser."""
    parser.inline.ruler.after("autolink", "known_tag", _known_tag)
    return parser


def _known_tag(state: StateInline, silent: bool) -> bool:
    """Pass a tag that HTML knows without a word; `<br>` ends the line. `<no value>` and the like are words."""
    if state.src[state.pos] != "<":
        return False
    end = state.src.find(">", state.pos, min(state.posMax, state.pos + LONGEST_TAG))
    name = tag_name(state.src[state.pos + 1 : end]) if end > 0 else ""
    if name not in KNOWN:
        return False
    if name == "br" and not silent:
        state.push("line_end", "", 0)
    state.pos = end + 1
    return True


def tag_name(inside: str) -> str:
    """Return the name of the tag with this between its angle brackets, nothing where it is none."""
    if "<" in inside:
        return ""
    bare = inside.removeprefix("/").removesuffix("/")
    name = bare.split(maxsplit=1)[0] if bare[:1].isalpha() else ""
    return name.lower()
