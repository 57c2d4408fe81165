"""Inline handlers: they run before the answer, within the platform's deadline, and their result is the answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import timedelta
from typing import Any, NamedTuple

from app.core.exact_json import read_json
from app.core.states import DispatchState
from app.core.values import Event, Situation
from app.pipeline.dispatch.attempts import DispatchResult, run_claim
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.database.db import StoredRow
from app.storage.inbox.events import find_event
from app.storage.queue.claims import claim_waiting
from app.storage.queue.dispatches import Claim, list_dispatches

WAIT_FOR_OTHERS_SECONDS = 10.0
POLL_SECONDS = 0.05
UNFINISHED = (DispatchState.PENDING, DispatchState.RUNNING)


class InlineAnswer(NamedTuple):
    """What the inline handlers came to; `data` is the first result that is not None."""

    situation: Situation
    data: Any = None


def run_inline(
    services: Services,
    event: Event,
    routes: Sequence[Route],
    claims: Sequence[Claim],
    *,
    answer_within: float | None,
) -> InlineAnswer:
    """Run the claimed inline dispatches in order; the rest goes on in the background when time is up."""
    if not claims:
        return InlineAnswer(Situation.ACCEPTED)
    by_name = {route.name: route for route in routes}
    pairs = [(claim, by_name[claim.route]) for claim in claims]
    services.runtime.running.update({claim.dispatch_id: claim for claim in claims})
    if answer_within is None:
        return _answer_from([run_claim(services, claim, event, route) for claim, route in pairs])
    future: Future[list[DispatchResult]] = services.inline_pool.submit(
        lambda: [run_claim(services, claim, event, route) for claim, route in pairs]
    )
    try:
        return _answer_from(future.result(timeout=answer_within))
    except FutureTimeout:
        return InlineAnswer(Situation.STILL_RUNNING)


def _answer_from(results: Sequence[DispatchResult]) -> InlineAnswer:
    if any(result.state is not DispatchState.SUCCEEDED for result in results):
        return InlineAnswer(Situation.HANDLER_FAILED)
    data = next((result.data for result in results if result.data is not None), None)
    return InlineAnswer(Situation.SUCCESS, data)


def answer_of_stored(
    services: Services, event_id: str, routes: Sequence[Route], *, answer_within: float | None
) -> InlineAnswer:
    """Answer a copy of a stored event: run what failed before, else wait for a running first copy and repeat its answer.

    A failed first try must not swallow the platform's retry, so waiting dispatches are claimed again here.
    """
    if not routes:
        return InlineAnswer(Situation.ALREADY_PROCESSED)
    now = services.clock.now()
    lease_until = now + timedelta(seconds=services.lease_seconds)
    names = [route.name for route in routes]
    claims = services.database.run(
        lambda tx: claim_waiting(tx, event_id, names, now=now, lease_until=lease_until)
    )
    if claims:
        with services.database.read() as tx:
            event = find_event(tx, event_id)
        if event is not None:
            return run_inline(services, event, routes, claims, answer_within=answer_within)
    return _wait_for_first(
        services, event_id, names, WAIT_FOR_OTHERS_SECONDS if answer_within is None else answer_within
    )


def _wait_for_first(services: Services, event_id: str, names: Sequence[str], seconds: float) -> InlineAnswer:
    """Wait until the first copy's handlers have ended; a copy that cannot wait any longer is told to come again.

    They may run in another process, wait for one that gave them back, or be lost with one that died: then they run again
    when its lease has ended. Nothing but their end is told as an end.
    """
    deadline = time.monotonic() + seconds
    while True:
        with services.database.read() as tx:
            rows = [row for row in list_dispatches(tx, [event_id]) if row.route in names]
        if all(row.state not in UNFINISHED for row in rows):
            return _answer_from_rows(rows)
        if time.monotonic() >= deadline:
            return InlineAnswer(Situation.COME_AGAIN)
        time.sleep(POLL_SECONDS)


def _answer_from_rows(rows: Sequence[StoredRow]) -> InlineAnswer:
    if any(row.state == DispatchState.RETRYING for row in rows):
        return InlineAnswer(Situation.HANDLER_FAILED)
    results = [read_json(bytes(row.result)) for row in rows if row.result]
    return InlineAnswer(
        Situation.ALREADY_PROCESSED, next((item for item in results if item is not None), None)
    )
