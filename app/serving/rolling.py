"""The server replaces its workers with new code and without failing a request; why is in docs/decisions/0014-engines.md."""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import suppress

import structlog

from app.core.errors import ConfigurationError, StoreUnavailable
from app.serving.draining import DRAIN_SECONDS, DRAIN_SIGNAL
from app.serving.granian_parts import HookedServer

TRIAL_SECONDS = 20
QUICK_DEATH_SECONDS = 5.5
MOST_QUICK_DEATHS = 20

log = structlog.get_logger(__name__)


class RollingServer(HookedServer):
    """A worker drains before it is ended, and new code is tried before the old one goes."""

    _quick_deaths = 0
    _replaced_at = 0.0

    def may_reload(self) -> bool:
        """Try the new code and configuration first."""
        if starts_afresh():
            return True
        log.error("reload_refused", detail="the new code or configuration does not start; the old goes on")
        return False

    def drain(self, pid: int) -> None:
        """Have a worker take no more connections, and give its callers a moment to come again over another one."""
        os.kill(pid, DRAIN_SIGNAL)
        time.sleep(DRAIN_SECONDS)

    def forgives_deaths(self) -> bool:
        """Count replacements that follow each other closely; many of them are not forgiven.

        Granian ends altogether at the second one, and events that kill their process would stop everything else. A worker
        that never gets as far as serving still ends the server, after more tries.
        """
        now = time.monotonic()
        is_quick = now - self._replaced_at <= QUICK_DEATH_SECONDS
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        self._replaced_at = now
        return self._quick_deaths < MOST_QUICK_DEATHS


def starts_afresh() -> bool:
    """Say whether a new interpreter can read the configuration and load everything it names."""
    trial = multiprocessing.get_context("spawn").Process(target=_try_to_start)
    try:
        trial.start()
    except OSError as fault:
        log.error(  # noqa: TRY400 - the sentence is for an operator
            "trial_not_started",
            reason=str(fault),
            hint="The machine has no room for a process more, or the working directory of this one is gone.",
        )
        return False
    trial.join(TRIAL_SECONDS)
    if trial.exitcode is None:
        trial.kill()
    return trial.exitcode == 0


def _try_to_start() -> None:
    from app.factory import create_app
    from app.storage.database.schema import tables_fault

    try:
        database = create_app().extensions["callgate"].database
        with suppress(StoreUnavailable):
            if fault := tables_fault(database):
                raise ConfigurationError([fault])
    except ConfigurationError as error:
        for fault in error.faults:
            log.error("new_code_at_fault", detail=fault)  # noqa: TRY400 - the sentence names place and cause
        raise SystemExit(1) from None
