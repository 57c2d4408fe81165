"""Which traces are collected: OpenTelemetry's samplers by name, decided from the trace's own digits, so that every process decides alike.

Sources: the specification of the SDK's environment variables, and W3C Trace Context level 2 §3.2.2.3: only the last seven
bytes of a trace id are random for sure (both read 2026-11-29). Ours begin with a time.
"""

from __future__ import annotations

from app.core.traces import Trace

RANDOM_BITS = 56
PARENT_BASED = "parentbased_"


class Sampler:
    """One of the samplers; `share` is what `traceidratio` keeps."""

    def __init__(self, name: str, share: float):
        self._follows = name.startswith(PARENT_BASED)
        kept = {"always_on": 1.0, "always_off": 0.0}.get(name.removeprefix(PARENT_BASED), share)
        self._below = round(kept * (1 << RANDOM_BITS))

    def samples(self, trace_id: str, parent: Trace | None) -> bool:
        """Say whether a trace is collected; a caller's decision is followed where the sampler is parent-based."""
        if parent is not None and self._follows:
            return parent.is_sampled
        return int(trace_id, 16) % (1 << RANDOM_BITS) < self._below
