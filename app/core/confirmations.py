"""What a platform offers whose events ask for a call before it sends more (AWS SNS); a port, apart from app.core.ports for its length alone."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from app.core.values import Event


@runtime_checkable
class ConfirmableSource(Protocol):
    """Sends events that ask to be confirmed at an address of the platform's own.

    Nothing is called by itself: an operator confirms, with `flask events confirm`.
    """

    def confirmation_address(self, event: Event) -> str | None:
        """Return where a proven event is confirmed, on one of the connector's origins; None when it asks for nothing. Pure."""
