"""Rows of recipients put together into calls: one kind and one part each, never more than the platform takes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from app.core.sending import Recipient


class Batch(NamedTuple):
    """Those who get one part in one call; `number` names the call, and stays the same when it is repeated."""

    part: int
    kind: str
    number: int
    recipients: dict[int, Recipient]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its recipients."""
        return tuple(self.recipients)

    def only(self, numbers: Iterable[int]) -> Batch:
        """Return the batch with these recipients alone."""
        return self._replace(recipients={number: self.recipients[number] for number in numbers})


def batches_of(rows: Sequence[Any], most_of: Callable[[str], int]) -> list[Batch]:
    """Put rows, which come in the order of number and part, together; of a recipient with several parts the first one counts.

    `most_of` says how many recipients of a kind one call may have.

    Rows that went out together before stay together: a platform that recognises repeats knows the call, not the person.
    """
    found: list[Batch] = []
    repeated: dict[tuple[int, int, str], Batch] = {}
    seen: set[int] = set()
    for row in rows:
        if row.number in seen:
            continue
        seen.add(row.number)
        batch = _place(found, repeated, row, most_of(row.kind))
        batch.recipients[row.number] = Recipient(row.kind, row.value)
    return found


def _place(found: list[Batch], repeated: dict[tuple[int, int, str], Batch], row: Any, most: int) -> Batch:
    """Return the batch a row belongs to, a new one at the end where there is none."""
    if row.batch is not None:
        key = (row.batch, row.part, row.kind)
        if key not in repeated:
            repeated[key] = Batch(row.part, row.kind, row.batch, {})
            found.append(repeated[key])
        return repeated[key]
    last = found[-1] if found else None
    fits = (
        last is not None
        and (last.part, last.kind) == (row.part, row.kind)
        and len(last.recipients) < most
        and not any(last is each for each in repeated.values())
    )
    if last is None or not fits:
        last = Batch(row.part, row.kind, row.number, {})
        found.append(last)
    return last
