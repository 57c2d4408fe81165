"""What a destination's state means: whether something may be sent now, and what an outcome changes. Pure decisions.

A breaker opens after a few failures in a row that say the destination is down and lets one probe through when its time
is over; a longer run of failures of any kind pauses the destination until a person resumes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.storage.destination_states import DestinationState

OPENS_AFTER = 5
FIRST_OPEN = timedelta(seconds=10)
LONGEST_OPEN = timedelta(minutes=5)
MOST_DOUBLINGS = 5
PAUSE_LOOK = timedelta(hours=1)
BURST = timedelta(seconds=1)
"""What a rate allows at once is the share of one second; engines look around about that often."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of a destination's configuration that decides here."""

    interval: timedelta | None
    pause_after: int
    probe_time: timedelta


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt may go ahead; else why not and when to ask again. `probes` marks the breaker's one probe."""

    state: DestinationState
    wait_until: datetime | None = None
    reason: str = ""
    probes: bool = False


def admit(state: DestinationState, rules: Rules, now: datetime) -> Admission:
    """Decide about one attempt; a state that differs from the given one must be written before it is sent.

    1. A paused destination gets nothing.
    2. An open breaker keeps everything back; when its time is over, one probe keeps it open for the others.
    3. The rate gives out places, at most one second's share at once.
    """
    if state.paused_at is not None:
        return Admission(state, now + PAUSE_LOOK, "paused")
    if state.open_until is not None and state.open_until > now:
        return Admission(state, state.open_until, "breaker")
    if (
        rules.interval is not None
        and state.slot_at is not None
        and state.slot_at > now + _burst(rules.interval)
    ):
        return Admission(state, state.slot_at - _burst(rules.interval), "rate")
    probes = state.open_until is not None
    if probes:
        state = replace(state, open_until=now + rules.probe_time)
    if rules.interval is not None:
        state = replace(state, slot_at=max(state.slot_at or now, now) + rules.interval)
    return Admission(state, probes=probes)


def _burst(interval: timedelta) -> timedelta:
    return max(timedelta(0), BURST - interval)


def after_success(state: DestinationState) -> DestinationState:
    """Forget the failures and close the breaker; a pause stays until somebody resumes."""
    return replace(state, failures=0, unavailable=0, open_until=None)


def after_failure(
    state: DestinationState, rules: Rules, now: datetime, *, error: str, is_down: bool, probed: bool
) -> DestinationState:
    """Count a failure; `is_down` says that the destination did not answer or could not work, not that it refused."""
    failures = state.failures + 1
    state = replace(state, failures=failures, last_failure_at=now, last_error=error)
    if not is_down:
        state = replace(state, unavailable=0, open_until=None)
    elif probed or state.open_until is None or state.open_until <= now:
        unavailable = state.unavailable + 1
        open_until = now + _open_for(unavailable) if unavailable >= OPENS_AFTER else None
        state = replace(state, unavailable=unavailable, open_until=open_until)
    if failures >= rules.pause_after and state.paused_at is None:
        reason = f"{failures} deliveries failed in a row; the last: {error}"
        state = replace(state, paused_at=now, pause_reason=reason)
    return state


def _open_for(unavailable: int) -> timedelta:
    return min(LONGEST_OPEN, FIRST_OPEN * (1 << min(unavailable - OPENS_AFTER, MOST_DOUBLINGS)))


def after_resume(state: DestinationState) -> DestinationState:
    """Start anew, as if nothing had failed."""
    return replace(
        state, failures=0, unavailable=0, open_until=None, slot_at=None, paused_at=None, pause_reason=None
    )
