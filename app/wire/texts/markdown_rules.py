"""Rules of ours for markdown-it-py: tags of HTML are left out, and what takes long on hostile text is done otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.wire.texts.html_names import is_known, tag_end, tag_name
from app.wire.texts.markdown_links import image_rule, link_rule

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline


def extend(parser: MarkdownIt) -> MarkdownIt:
    """Add our rules to a parser."""
    parser.inline.ruler.after("autolink", "known_tag", known_tag_rule)
    parser.inline.ruler.at("link", link_rule)
    parser.inline.ruler.at("image", image_rule)
    return parser


def known_tag_rule(state: StateInline, silent: bool) -> bool:
    """Pass a tag that HTML knows without a word; `<br>` ends the line. `<no value>` and the like are words."""
    end = tag_end(state.src, state.pos) if state.src[state.pos] == "<" else 0
    if not end or end > state.posMax:
        return False
    inside = state.src[state.pos + 1 : end - 1]
    if not is_known(inside):
        return False
    if tag_name(inside) == "br" and not silent:
        state.push("line_end", "", 0)
    state.pos = end
    return True
