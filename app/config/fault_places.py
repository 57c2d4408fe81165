"""The line of the channels file that a fault is about, so that nobody has to look for it. Pure; reads the sentence and the text."""

from __future__ import annotations

from collections.abc import Sequence

AT_LINE = "(at line "
CHANNEL, TABLE = "[channels.", "[["


def line_of_fault(text: str, sentence: str) -> int | None:
    """Return the line, counted from 1; None where the sentence is about something else than a line of this text."""
    if AT_LINE in sentence:
        number = sentence.partition(AT_LINE)[2].partition(",")[0]
        return int(number) if number.isdecimal() else None
    lines = text.splitlines()
    if CHANNEL in sentence:
        name, _, rest = sentence.partition(CHANNEL)[2].partition("]")
        return _line_of_key(lines, f"{CHANNEL}{name}]", rest.strip().partition(" ")[0].rstrip(":."))
    if TABLE in sentence:
        name = sentence.partition("'")[2].partition("'")[0]
        return _line_with(lines, f'"{name}"') if name else None
    return None


def _line_of_key(lines: Sequence[str], header: str, key: str) -> int | None:
    """Return the line of a key below a header, the header's where the key is not written."""
    start = next((at for at, line in enumerate(lines) if line.strip().startswith(header)), None)
    if start is None:
        return None
    for at, line in enumerate(lines[start + 1 :], start=start + 2):
        if line.lstrip().startswith("["):
            break
        if line.partition("=")[0].strip().strip('"') == key.partition(".")[0]:
            return at
    return start + 1


def _line_with(lines: Sequence[str], word: str) -> int | None:
    return next((at for at, line in enumerate(lines, start=1) if word in line), None)
