"""The names of HTML's elements, as far as people write them into messages, and what is a tag of one."""

from __future__ import annotations

from typing import Final

KNOWN: Final = frozenset(
    [
        "a",
        "abbr",
        "address",
        "article",
        "aside",
        "audio",
        "b",
        "big",
        "blockquote",
        "body",
        "br",
        "button",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "fieldset",
        "figcaption",
        "figure",
        "font",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "i",
        "iframe",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "legend",
        "li",
        "link",
        "main",
        "mark",
        "meta",
        "nav",
        "ol",
        "option",
        "p",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "script",
        "section",
        "select",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "summary",
        "sup",
        "svg",
        "table",
        "tbody",
        "td",
        "template",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
    ]
)

LONGEST_TAG: Final = 1000


def tag_end(text: str, at: int) -> int:
    """Return the place behind the tag or the address in angle brackets that begins at `at`, 0 where there is none."""
    end = text.find(">", at, at + LONGEST_TAG)
    inside = text[at + 1 : end] if end > 0 else ""
    return end + 1 if is_known(inside) or _is_address(inside) else 0


def is_known(inside: str) -> bool:
    """Say whether what stands between angle brackets is a tag of HTML."""
    return tag_name(inside) in KNOWN


def tag_name(inside: str) -> str:
    """Return the name of the tag with this between its angle brackets, nothing where it is none."""
    bare = inside.removeprefix("/").removesuffix("/")
    if "<" in inside or not bare[:1].isalpha():
        return ""
    return bare.split(maxsplit=1)[0].lower()


def _is_address(inside: str) -> bool:
    return ":" in inside and not any(sign.isspace() or sign == "<" for sign in inside)
