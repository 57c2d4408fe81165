"""XML from outside: no document types, no entities, bounded depth; and CDATA that text cannot break out of."""

from __future__ import annotations

from typing import Any
from xml.parsers.expat import ExpatError  # noqa: TID251 - the parser's error type has no other home

import xmltodict

MAX_DEPTH = 32


def parse_xml(raw: bytes, *, root: str) -> dict[str, Any]:
    """Return the children of `root` as a dict; raises ValueError for anything else.

    Text stays text, repeated elements become lists, empty ones None. A DOCTYPE is refused outright.
    """
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise ValueError("a document type is not allowed")
    if raw.count(b"<") > 10_000:  # noqa: PLR2004 - platforms send a few dozen elements
        raise ValueError("too many elements")
    try:
        document = xmltodict.parse(raw.decode("utf-8"), disable_entities=True)
    except (ExpatError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise ValueError("not well-formed XML") from error
    content = document.get(root)
    if not isinstance(content, dict) or _depth(content) > MAX_DEPTH:
        raise ValueError(f"no <{root}> element with children")
    return content


def _depth(value: Any, level: int = 1) -> int:
    if level > MAX_DEPTH or not isinstance(value, dict | list):
        return level
    children = value.values() if isinstance(value, dict) else value
    return max((_depth(child, level + 1) for child in children), default=level)


def cdata(text: str) -> str:
    """Wrap text in CDATA; `]]>` inside is split over two sections and control characters are left out."""
    allowed = "".join(char for char in text if char in "\t\n\r" or ord(char) >= ord(" "))
    return "<![CDATA[" + allowed.replace("]]>", "]]]]><![CDATA[>") + "]]>"
