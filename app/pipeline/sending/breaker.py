"""What is remembered about a channel that sends, as about a destination: failures in a row, and until when nothing is tried.

A platform that does not answer is left alone for a while, and so is one that takes no more; one probe goes out then. The
decisions are those of pipeline/health.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.health import Admission, Rules, admit, after_failure, after_success
from app.pipeline.sending.calls import Called, CallOutcome
from app.pipeline.services import Services
from app.security.redaction import redact_text
from app.storage.database.db import Transaction
from app.storage.destination_states import DestinationState, find_state, lock_state, write_state

NAME_PREFIX = "send/"
"""No destination is called so: their names hold no slash."""

NEVER = 10**9
SOUND_FOR = timedelta(seconds=0.5)
"""So much later than others a process notices that they left a channel alone."""

RULES = Rules(interval=None, pause_after=NEVER, probe_time=timedelta(seconds=15))
"""A message that fails is a dead letter soon enough; a channel is never paused for it."""

log = structlog.get_logger(__name__)


def state_name(channel: str) -> str:
    """Return the name under which a channel's state is stored."""
    return NAME_PREFIX + channel


def ask_leave(services: Services, tx: Transaction, channel: str) -> Admission:
    """Say from what is known whether a channel may be called now; `probes` where that needs leave_for_probe first."""
    now = services.clock.now()
    admission = admit(find_state(tx, state_name(channel)), RULES, now)
    if not admission.state.failures and admission.state.open_until is None:
        services.runtime.sound_channels[channel] = (admission, now + SOUND_FOR)
    return admission


def known_leave(services: Services, channel: str) -> Admission | None:
    """Return the leave of a channel that was found sound a moment ago, so that it need not be asked for each message."""
    admission, until = services.runtime.sound_channels.get(channel, (None, None))
    return admission if until is not None and services.clock.now() < until else None


def leave_for_probe(services: Services, channel: str) -> Admission:
    """Ask for leave to be the one that tries a channel again; of several who ask, one gets it."""

    def ask(tx: Transaction) -> Admission:
        admission = admit(lock_state(tx, state_name(channel)), RULES, services.clock.now())
        if admission.wait_until is None:
            write_state(tx, admission.state)
        return admission

    return services.database.run(ask)


def note_outcome(services: Services, channel: str, called: Called, admission: Admission) -> None:
    """Remember what a call says about the channel; a success is written only where something was remembered."""
    now, text = services.clock.now(), redact_text(called.sentence)
    if called.outcome in (CallOutcome.TAKEN, CallOutcome.RECIPIENT_REFUSED, CallOutcome.CONTENT_REFUSED):
        if admission.state.failures or admission.state.open_until is not None:
            _change(services, channel, after_success)
    elif called.outcome is CallOutcome.WAIT:
        until = wait_end(called, now)
        _change(
            services,
            channel,
            lambda state: replace(state, open_until=until, last_failure_at=now, last_error=text),
        )
    else:
        is_down = called.outcome is not CallOutcome.SETTINGS_REFUSED
        _change(
            services,
            channel,
            lambda state: after_failure(
                state, RULES, now, error=text, is_down=is_down, probed=admission.probes
            ),
        )


LONGEST_WAIT = timedelta(days=7)
USUAL_WAIT_SECONDS = 60


def wait_end(called: Called, now: datetime) -> datetime:
    """Return until when a platform wants to be left alone."""
    asked = called.error.retry_after if called.error is not None else None
    return now + min(LONGEST_WAIT, timedelta(seconds=max(1, asked or USUAL_WAIT_SECONDS)))


def _change(services: Services, channel: str, change: Callable[[DestinationState], DestinationState]) -> None:
    """Change a state; a store that is away must not turn what arrived into a failure."""
    services.runtime.sound_channels.pop(channel, None)

    def work(tx: Transaction) -> DestinationState:
        state = change(lock_state(tx, state_name(channel)))
        write_state(tx, state)
        return state

    try:
        state = services.database.run(work)
    except StoreUnavailable:
        log.warning("sending_state_not_written", channel=channel)
        return
    if state.open_until is not None:
        log.warning("sending_waits", channel=channel, until=state.open_until.isoformat())
