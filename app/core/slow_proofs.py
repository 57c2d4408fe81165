"""What a connector says whose proofs cost so much that an event loop must not compute them; on_loop.py in pipeline/inbound asks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class SlowProof(Protocol):
    """Proves with more than two milliseconds of a core: SM2 in Python, several chains of certificates in one request.

    Such deliveries are taken in a thread from their first byte, whatever they hold. Without this, `verify` runs on the loop.
    """

    proof_is_slow: bool
    """Whether it is so with these settings."""
