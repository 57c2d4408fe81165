"""What a failed handler leaves for operators: its error in one line, and its traceback, masked and bounded.

Whatever the exception does when it is looked at, this never raises: it may be a tree of others, megabytes long, or fail
when it is asked for its own text. Nothing of it is told to callers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, dropwhile
from pathlib import Path
from traceback import StackSummary, TracebackException, extract_tb
from typing import Any

from app.core.storable import storable
from app.security.redaction import MASK, redact_text

MOST_BYTES = 16_384
LOGGED_BYTES = 3_000
"""With the rest of its line this stays below what one log line may have."""

LONGEST_ERROR = 1000
LONGEST_LOOKED_AT = 8192
"""Characters of one line; masking begins with them."""

HALF_LOOKED_AT = 65_536
"""Characters of the first and of the last lines that are masked at all."""

MOST_FRAMES = 100
"""Of one exception: the last ones, where the fault is."""

MARGIN = 512
"""Before a cut a piece of a secret may stand whose rest is gone, so that masking did not know it."""

CUT = "\ufffe"
"""Stands at a cut while a text is masked; no text holds this noncharacter on purpose."""

ELLIPSIS = " …"
OWN_CODE = str(Path(__file__).parents[2])


def error_line(error: BaseException, secrets: Iterable[str]) -> str:
    """Return kind and text of an error as one masked text that every store takes, LONGEST_ERROR characters at most."""
    kind = error.__class__.__name__
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - an exception's own code may do anything
        said = "(its text could not be made)"
    return storable(_masked(_cut(f"{kind}: {said}"), secrets), LONGEST_ERROR)


def traceback_text(error: BaseException, secrets: Iterable[str]) -> str | None:
    """Return the traceback of an error, and of those it came from, MOST_BYTES of UTF-8 at most.

    The frames of this gateway that lead to a handler are left out. None where all are the gateway's: then it raised the
    error on purpose (a destination that is down), and its one line says all.
    """
    try:
        whole = TracebackException.from_exception(error, limit=-MOST_FRAMES, compact=True)
        _cut_own_frames(whole)
        frames, pieces = whole.stack, list(_lines(whole.format()))
    except Exception:  # noqa: BLE001 - an exception's own code may do anything
        frames = _without_leading_own(extract_tb(error.__traceback__, limit=-MOST_FRAMES))
        pieces = list(_lines([*frames.format(), f"{error.__class__.__name__}: (it could not be looked at)"]))
    return within(_masked("\n".join(pieces), secrets), MOST_BYTES) if frames else None


def within(text: str, most_bytes: int) -> str:
    """Return a text of several lines within so many bytes of UTF-8: of a longer one the first and the last lines.

    The end gets more, because it says what was raised and where.
    """
    if _size(text) <= most_bytes:
        return text
    lines = text.split("\n")
    # The marker takes its share, and so does what is put behind a line that is cut.
    room = most_bytes - 64
    first = _fitting(lines, room // 4)
    last = _fitting(reversed(lines[len(first) :]), room - sum(map(_size, first)) - len(first))
    left_out = len(lines) - len(first) - len(last)
    return "\n".join([*first, f"… {left_out} lines are left out …", *reversed(last)])


def _fitting(lines: Iterable[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        size = _size(line) + 1
        if size > room:
            if not kept and room > len(ELLIPSIS) * 3:
                kept.append(line.encode("utf-8", "replace")[: room - 8].decode("utf-8", "ignore") + ELLIPSIS)
            break
        kept.append(line)
        room -= size
    return kept


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a traceback, each bounded, of very many the first and the last."""
    lines = (_cut(line) for piece in pieces for line in piece.rstrip("\n").split("\n"))
    room = HALF_LOOKED_AT
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            yield from _last_lines(chain([line], lines))
            return
        yield line


def _last_lines(lines: Iterable[str]) -> Sequence[str]:
    last: deque[str] = deque()
    size = 0
    for line in lines:
        last.append(line)
        size += len(line) + 1
        while size > HALF_LOOKED_AT:
            size -= len(last.popleft()) + 1
    return last


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LOOKED_AT else line[:LONGEST_LOOKED_AT] + CUT


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    masked = redact_text(text)
    if CUT not in masked:
        return masked
    return "\n".join(_without_margin(line) for line in masked.split("\n"))


def _without_margin(line: str) -> str:
    kept, cut, _ = line.partition(CUT)
    return kept[:-MARGIN] + ELLIPSIS if cut else line


def _cut_own_frames(whole: TracebackException) -> None:
    """Take the gateway's leading frames out of every exception of a tree."""
    waiting: list[TracebackException | None] = [whole]
    while waiting:
        each = waiting.pop()
        if each is not None:
            each.stack = _without_leading_own(each.stack)
            waiting += [each.__cause__, each.__context__, *(each.exceptions or ())]


def _without_leading_own(frames: StackSummary) -> StackSummary:
    return StackSummary.from_list([*dropwhile(_is_own, iter(frames))])


def _is_own(frame: Any) -> bool:
    return str(frame.filename).startswith(OWN_CODE)
