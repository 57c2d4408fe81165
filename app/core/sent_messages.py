"""What can still be done about messages that a platform took: take them back, or ask what became of them.

Values and protocols only, beside app.core.sending; a platform offers what it has. Who asks is in app.pipeline.operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from app.core.sending import Lent


class Sent(NamedTuple):
    """One call that a platform took: its own id for it, and the recipients it was for, all of one kind."""

    message_id: str
    kind: str
    values: tuple[str, ...]


class Fate(NamedTuple):
    """What became of a call's recipients, by value: who has it, and who has not, with the reason; of the others nothing is said."""

    reached: frozenset[str]
    not_reached: Mapping[str, str]


@runtime_checkable
class Recaller(Protocol):
    """Beside Sender: takes back what was sent."""

    def recalls(self, kind: str) -> bool:
        """Say whether messages to this kind of recipient can be taken back."""

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Take one call's message back; raises as app.core.sending.Sender.send does. What is gone already is no error."""


@runtime_checkable
class FateTeller(Protocol):
    """Beside Sender: tells later what became of what it took."""

    def tells_fate(self, kind: str) -> bool:
        """Say whether it can be asked about this kind of recipient."""

    def fate(self, sent: Sent, lent: Lent) -> Fate:
        """Ask what became of one call; raises as app.core.sending.Sender.send does."""
