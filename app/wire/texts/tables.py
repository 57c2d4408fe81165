"""Tables: as marks, as columns of equal width, as one line for each cell."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest
from typing import Final

from app.wire.texts.dialects import Dialect
from app.wire.texts.inlines import write_inlines
from app.wire.texts.tree import Break, Inline, Paragraph, Row, Table, Text, words

WIDEST: Final = 40
"""Columns up to this width are filled up with blanks, so that one long cell does not push the others out of sight."""


def native_table(table: Table, dialect: Dialect) -> str:
    """Return a table in the marks that CommonMark's relatives have for it."""
    rule = "|" + " --- |" * len(table.header)
    return "\n".join(
        [_native_row(table.header, dialect), rule, *(_native_row(row, dialect) for row in table.rows)]
    )


def _native_row(row: Row, dialect: Dialect) -> str:
    return "|" + "".join(f" {_native_cell(cell, dialect)} |" for cell in row)


def _native_cell(cell: tuple[Inline, ...], dialect: Dialect) -> str:
    on_one_line = tuple(Text(" ") if isinstance(inline, Break) else inline for inline in cell)
    written = write_inlines((Text(""), *on_one_line), dialect).replace("\n", " ").strip()
    if dialect is Dialect.FEISHU_CARD:
        return written.replace("|", "&#124;")
    return written.replace("\\|", "|").replace("|", "\\|")


def aligned_table(table: Table) -> str:
    """Return a table as plain lines with columns of equal width, for a font in which all signs are as wide."""
    rows = [[words(cell).replace("\n", " ").strip() for cell in row] for row in (table.header, *table.rows)]
    widths = [min(WIDEST, max(map(_width, column))) for column in zip_longest(*rows, fillvalue="")]
    lines = [
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """Return how many columns a text takes: Chinese signs take two."""
    return sum(
        2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
        if not unicodedata.combining(sign)
    )


def table_as_lines(table: Table) -> tuple[Paragraph, ...]:
    """Return a paragraph for each row, with a line "header: cell" for each cell that is not empty."""
    if not table.rows:
        return (Paragraph(_with_commas(table.header)),)
    return tuple(Paragraph(_row_as_lines(table.header, row)) for row in table.rows)


def _row_as_lines(header: Row, row: Row) -> tuple[Inline, ...]:
    lines: list[Inline] = []
    for name, cell in zip(header, row, strict=False):
        if not words(cell).strip():
            continue
        lines.extend((Break(),) if lines else ())
        lines.extend((*name, Text(": "), *cell) if words(name).strip() else cell)
    return tuple(lines)


def _with_commas(row: Row) -> tuple[Inline, ...]:
    cells: list[Inline] = []
    for cell in row:
        cells.extend((Text(", "), *cell) if cells else cell)
    return tuple(cells)
