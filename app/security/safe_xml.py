"""XML from outside: no document types, no entities, bounded depth; and CDATA that text cannot break out of.

What people typed is taken as they typed it: blanks stay, and letters that look like markup are letters where they stand
in CDATA. Characters that XML cannot hold at all are replaced when nothing else is wrong.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn
from xml.parsers import expat  # noqa: TID251 - the parser's own hooks have no other home

import xmltodict

MAX_DEPTH = 32
MOST_BRACKETS = 10_000
"""Platforms send a few dozen elements, and no message that people type is that long."""

TEXT = "#text"
"""How the text of an element is called that has children or attributes too."""

REPLACEMENT = "\ufffd"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 §2.2, Char, turned around."""

_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
_CDATA_END = "]]>"
_CDATA_START = "<![CDATA["


class Document(NamedTuple):
    """The children of the root element, and how many characters stand in place of what XML cannot hold."""

    content: dict[str, Any]
    replaced: int = 0


def parse_xml(raw: bytes, *, root: str) -> Document:
    """Return the children of `root` as a dict; raises ValueError for anything else.

    Text stays text with its blanks, repeated elements become lists, empty ones None. A DOCTYPE is refused outright; the
    same letters inside CDATA are what somebody wrote.
    """
    if raw.count(b"<") > MOST_BRACKETS:
        raise ValueError("too many elements")
    try:
        return Document(_children(raw.decode("utf-8"), root))
    except ValueError as refusal:
        text, replaced = _repaired(raw)
        if not replaced:
            raise
        try:
            return Document(_children(text, root), replaced)
        except ValueError:
            raise refusal from None


def replaced_text(raw: bytes) -> tuple[str, int]:
    """Return text in which bytes that are no UTF-8 and characters that XML cannot hold are replaced, and how many."""
    text = raw.decode("utf-8", "replace")
    fixed, count = _NOT_XML.subn(REPLACEMENT, text)
    return fixed, count + text.count(REPLACEMENT) - raw.count(REPLACEMENT.encode())


def _repaired(raw: bytes) -> tuple[str, int]:
    text, replaced = replaced_text(raw)
    pieces, position = [], 0
    # References are only references outside CDATA; inside it they are five letters that somebody typed.
    while (start := text.find(_CDATA_START, position)) >= 0:
        end = text.find(_CDATA_END, start)
        end = len(text) if end < 0 else end
        pieces += [_without_odd_references(text[position:start]), (text[start:end], 0)]
        position = end
    pieces.append(_without_odd_references(text[position:]))
    return "".join(piece for piece, _ in pieces), replaced + sum(count for _, count in pieces)


def _without_odd_references(text: str) -> tuple[str, int]:
    odd = 0

    def judged(reference: re.Match[str]) -> str:
        nonlocal odd
        point = int(reference[1], 16) if reference[1] else int(reference[2])
        if point < 0x110000 and not _NOT_XML.match(chr(point)):  # noqa: PLR2004 - beyond Unicode
            return reference[0]
        odd += 1
        return REPLACEMENT

    return _REFERENCE.sub(judged, text), odd


def _children(text: str, root: str) -> dict[str, Any]:
    try:
        document = xmltodict.parse(
            text,
            disable_entities=True,
            strip_whitespace=False,
            # The package's types do not know that None drops an element.
            postprocessor=_without_indentation,  # type: ignore[arg-type]
            expat=_Strict,
        )
    except (expat.ExpatError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise ValueError("not well-formed XML") from error
    content = document.get(root)
    if not isinstance(content, dict) or _depth(content) > MAX_DEPTH:
        raise ValueError(f"no <{root}> element with children")
    return content


class _Strict:
    """What xmltodict takes for the expat module: parsers that refuse a document type where it stands as one."""

    @staticmethod
    def ParserCreate(encoding: str | None, separator: str | None) -> Any:  # noqa: N802 - expat's name
        """Return a parser."""
        parser = expat.ParserCreate(encoding, separator)
        parser.StartDoctypeDeclHandler = _refuse_document_type
        return parser


def _refuse_document_type(*_: object) -> NoReturn:
    raise ValueError("a document type is not allowed")


def _without_indentation(_path: object, key: str, value: Any) -> tuple[str, Any] | None:
    """Drop blanks between elements, which say nothing; an element's own text keeps them."""
    return None if key == TEXT and isinstance(value, str) and not value.strip() else (key, value)


def _depth(value: Any, level: int = 1) -> int:
    if level > MAX_DEPTH or not isinstance(value, dict | list):
        return level
    children = value.values() if isinstance(value, dict) else value
    return max((_depth(child, level + 1) for child in children), default=level)


def cdata(text: str) -> str:
    """Wrap text in CDATA; `]]>` inside is split over two sections and control characters are left out."""
    allowed = "".join(char for char in text if char in "\t\n\r" or ord(char) >= ord(" "))
    return "<![CDATA[" + allowed.replace("]]>", "]]]]><![CDATA[>") + "]]>"
