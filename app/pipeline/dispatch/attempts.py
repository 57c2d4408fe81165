"""Running dispatches: claim with a lease, run the handler, write how it ended; both engines call only this.

A transactional handler's writes commit together with its dispatch. A worker whose lease was taken over cannot write
its result: the attempt number is checked on completion.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from app.config.retries import DEFAULT_ATTEMPTS
from app.core.errors import PermanentError, Postponed, StoreUnavailable
from app.core.exact_json import read_json
from app.core.ports import WebhookSource
from app.core.states import DispatchState
from app.core.traces import TRACE
from app.core.values import Event
from app.pipeline.dispatch.on_dead import context_of_death, store_what_follows
from app.pipeline.dispatch.ordering import tell_followers
from app.pipeline.dispatch.results import result_as_json
from app.pipeline.dispatch.retry import (
    MINIMUM_SECONDS,
    REDELIVERY_GRACE_SECONDS,
    asked_seconds,
    next_delay,
)
from app.pipeline.dispatch.tracebacks import LOGGED_BYTES, error_line, traceback_text, within
from app.pipeline.dispatch.traced_attempts import attempt_traced
from app.pipeline.router import ON_DEAD_PREFIX, Context, Route, read_on_dead_name
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.inbox.events import find_events
from app.storage.queue.claims import LeaseLostError, claim_due, renew_leases
from app.storage.queue.completions import (
    Ending,
    Returned,
    complete,
    failed,
    succeeded,
    taken_back,
)
from app.storage.queue.dispatches import Claim, tries_since_replay
from app.storage.queue.tracebacks import keep_traceback

NOTHING = b"null"
COUNTED_AS = {
    DispatchState.SUCCEEDED: "succeeded",
    DispatchState.RETRYING: "failed",
    DispatchState.DEAD: "dead",
}
POSTPONED, LOST = "postponed", "lost"
Record = Callable[[Ending], None]
"""Takes a success to be written a moment later, together with others."""

log = structlog.get_logger(__name__)


class DispatchResult(NamedTuple):
    """How one attempt left its dispatch; `data` is what the handler returned, as JSON would carry it.

    `is_recorded` is False when somebody else records it, and lets go of the claim then. `ended` is how the attempt is
    counted, where the state does not say it. `error` names the kind of what went wrong.
    """

    state: DispatchState
    data: Any = None
    due_at: datetime | None = None
    is_recorded: bool = True
    ended: str = ""
    error: str | None = None

    @property
    def outcome(self) -> str:
        """How the attempt is counted."""
        return self.ended or COUNTED_AS[self.state]


def claim_work(services: Services, *, limit: int) -> list[Claim]:
    """Claim what is due, in one short transaction; no second suspect while one runs here."""
    now = services.clock.now()
    lease_until = now + timedelta(seconds=services.lease_seconds)
    with services.runtime.claiming:
        suspects = 0 if any(claim.is_suspect for claim in list(services.runtime.running.values())) else 1
        claims = services.database.run(
            lambda tx: claim_due(tx, now=now, lease_until=lease_until, limit=limit, suspects=suspects)
        )
        services.runtime.running.update({claim.dispatch_id: claim for claim in claims})
    return claims


def claim_loaded_work(services: Services, *, limit: int) -> list[tuple[Claim, Event | None]]:
    """Claim what is due together with its events; when those cannot be loaded the claims are let go, and their leases end."""
    claims = claim_work(services, limit=limit)
    try:
        events = load_events(services, claims) if claims else {}
    except BaseException:
        for claim in claims:
            services.runtime.running.pop(claim.dispatch_id, None)
        raise
    return [(claim, events.get(claim.event_id)) for claim in claims]


def keep_leases(services: Services) -> None:
    """Move the lease ends of running dispatches, so that only a dead process loses them."""
    claims = list(services.runtime.running.values())
    if not claims:
        return
    lease_until = services.clock.now() + timedelta(seconds=services.lease_seconds)
    with services.database.begin() as tx:
        renew_leases(tx, claims, lease_until=lease_until)


def give_back(services: Services, claims: Iterable[Claim]) -> None:
    """Return what this process will not finish: due at once, the attempt not counted; others take it at once."""
    wanted = list(claims)
    if not wanted:
        return
    now = services.clock.now()
    endings = [taken_back(claim, now, due_at=now) for claim in wanted]
    services.database.run(lambda tx: complete(tx, endings))
    for claim in wanted:
        services.runtime.running.pop(claim.dispatch_id, None)
        log.info(
            "dispatch_given_back", event_id=claim.event_id, route=claim.route, attempt_number=claim.attempt
        )


def load_events(services: Services, claims: Iterable[Claim]) -> dict[str, Event]:
    """Load the events of claims in one look."""
    with services.database.read() as tx:
        return find_events(tx, [claim.event_id for claim in claims])


def run_loaded_claim(
    services: Services, claim: Claim, event: Event | None, *, record: Record | None = None
) -> DispatchResult:
    """Run the attempt of a claim whose event was loaded; one whose event is gone went with it."""
    if event is None:
        return DispatchResult(DispatchState.DEAD)
    return run_claim(services, claim, event, services.find_route(claim.route), record=record)


def record_successes(services: Services, successes: Sequence[Ending]) -> None:
    """Write down successes together; those whose lease was taken over meanwhile are left as they are."""
    held = services.accepts.run_many(complete, successes)
    for success, is_ours in zip(successes, held, strict=True):
        if is_ours:
            _log_success(success.claim)
        else:
            _log_lost_lease(success.claim)


def run_claim(
    services: Services, claim: Claim, event: Event, route: Route | None, *, record: Record | None = None
) -> DispatchResult:
    """Run one attempt and write how it ended; never raises what the handler raises.

    With `record` a success that nothing waits for is handed over to be written, and the caller goes on. The next
    suspect may be claimed as soon as one has ended.
    """
    began = time.perf_counter()
    with attempt_traced(services.spans, claim, event) as traced:
        result = _run_attempt(services, claim, event, route, record)
        traced.tell(result.state.value, result.error)
    seconds = time.perf_counter() - began
    services.meters.attempt(_counted_route(claim.route), event.channel, result.outcome, seconds)
    if claim.order_key is not None:
        tell_followers(services, claim, result.state, result.due_at)
    if claim.is_suspect:
        services.runtime.wake()
    return result


def _run_attempt(
    services: Services, claim: Claim, event: Event, route: Route | None, record: Record | None
) -> DispatchResult:
    most = _most(route)
    if claim.attempt > most and _tries(services, claim) > most:
        return _fail(services, claim, event, route, PermanentError("every attempt ended with its process"))
    if route is None:
        return _fail(services, claim, event, route, LookupError(f"no handler is called {claim.route}"))
    services.runtime.running[claim.dispatch_id] = claim
    result = DispatchResult(DispatchState.RETRYING, ended=LOST)
    try:
        if route.transactional:
            result = _run_in_transaction(services, claim, event, route)
        else:
            waits = claim.order_key is not None or claim.is_suspect
            result = _run(services, claim, event, route, None if waits else record)
    except LeaseLostError:
        _log_lost_lease(claim)
    except Postponed as wait:
        result = _postpone(services, claim, wait)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises becomes a failed attempt
        result = _fail(services, claim, event, route, error)
    finally:
        if result.is_recorded:
            services.runtime.running.pop(claim.dispatch_id, None)
    return result


def _run(
    services: Services, claim: Claim, event: Event, route: Route, record: Record | None
) -> DispatchResult:
    """Run a handler and write its success together with whatever else is written at this moment, or let it be written."""
    returned, also = route.handler(event, _context(services, claim, event)), None
    if isinstance(returned, Returned):
        returned, also = returned
    result = result_as_json(returned, event_id=event.id, route=route.name)
    success = succeeded(claim, services.clock.now(), None if result == NOTHING else result, also=also)
    if record is not None:
        record(success)
        return DispatchResult(DispatchState.SUCCEEDED, is_recorded=False)
    if not services.accepts.run(complete, success):
        raise LeaseLostError
    _log_success(claim)
    return DispatchResult(DispatchState.SUCCEEDED, read_json(result))


def _context(services: Services, claim: Claim, event: Event, tx: Transaction | None = None) -> Context:
    tools = None if services.lend_tools is None else services.lend_tools(services, event, claim, tx)
    if claim.route.startswith(ON_DEAD_PREFIX):
        return context_of_death(services, claim, tx)._replace(tools=tools, trace=TRACE.get())
    return Context(claim.attempt, tx, claim=claim, tools=tools, trace=TRACE.get())


def _log_success(claim: Claim) -> None:
    log.debug("dispatch_succeeded", event_id=claim.event_id, route=claim.route, attempt_number=claim.attempt)


def _log_failure(claim: Claim, state: DispatchState, error: str, traceback: str | None) -> None:
    shown = {} if traceback is None else {"exception": within(traceback, LOGGED_BYTES)}
    log.warning(
        "dispatch_failed",
        event_id=claim.event_id,
        route=claim.route,
        attempt_number=claim.attempt,
        state=state.value,
        error=error,
        **shown,
    )


def _log_lost_lease(claim: Claim) -> None:
    log.warning("lease_lost", event_id=claim.event_id, route=claim.route, attempt_number=claim.attempt)


def _run_in_transaction(services: Services, claim: Claim, event: Event, route: Route) -> DispatchResult:
    """Run a handler whose writes commit with its dispatch; as a deadlock's victim it runs again at once, all undone."""

    def run(tx: Transaction) -> bytes:
        returned = route.handler(event, _context(services, claim, event, tx))
        result = result_as_json(returned, event_id=event.id, route=route.name)
        _succeed(services, tx, claim, result)
        return result

    return DispatchResult(DispatchState.SUCCEEDED, read_json(services.database.run(run)))


def _succeed(services: Services, tx: Transaction, claim: Claim, result: bytes) -> None:
    (held,) = complete(tx, [succeeded(claim, services.clock.now(), result)])
    if not held:
        raise LeaseLostError
    _log_success(claim)


def _postpone(services: Services, claim: Claim, wait: Postponed) -> DispatchResult:
    ending = taken_back(claim, services.clock.now(), due_at=wait.until)
    services.database.run(lambda tx: complete(tx, [ending]))
    log.debug("dispatch_postponed", event_id=claim.event_id, route=claim.route, reason=wait.message)
    return DispatchResult(DispatchState.RETRYING, due_at=wait.until, ended=POSTPONED)


def _counted_route(name: str) -> str:
    """Return a route's name as it is counted: of a death's handler without which death it was."""
    death = read_on_dead_name(name)
    return name if death is None else f"{ON_DEAD_PREFIX}{death.handler}"


def _fail(
    services: Services, claim: Claim, event: Event, route: Route | None, error: Exception
) -> DispatchResult:
    """Write a failed attempt and when the next one comes, or the dead letter with what follows from it."""
    tries, now = _tries(services, claim), services.clock.now()
    is_final = isinstance(error, PermanentError) or tries >= _most(route)
    state = DispatchState.DEAD if is_final else DispatchState.RETRYING
    due_at = None if is_final else now + _delay(services, event, route, tries, error)
    secrets = _secrets(services)
    text, traceback = error_line(error, secrets), traceback_text(error, secrets)
    _log_failure(claim, state, text, traceback)
    try:
        with services.database.begin() as tx:
            (held,) = complete(tx, [failed(claim, now, error=text, due_at=due_at)])
            if held and traceback is not None:
                keep_traceback(tx, claim, traceback)
            if held and is_final:
                store_what_follows(services, tx, event, claim, error=text, now=now)
                if route is not None and route.at_death is not None:
                    route.at_death(tx, event, claim.attempt, error)
    except StoreUnavailable:
        log.warning("attempt_not_recorded", event_id=claim.event_id, route=claim.route)
    if is_final:
        services.runtime.wake()
    return DispatchResult(state, due_at=due_at, error=error.__class__.__name__)


def _secrets(services: Services) -> Sequence[str]:
    """Return every secret of the configuration, so that a handler's error shows none."""
    settings = services.settings
    tokens = (token.token for token in services.api_tokens if token.token)
    return [*settings.secret_key, *tokens, *(secret for each in services.channels for secret in each.secrets)]


def _most(route: Route | None) -> int:
    return route.max_attempts if route is not None else DEFAULT_ATTEMPTS


def _delay(services: Services, event: Event, route: Route | None, tries: int, error: Exception) -> timedelta:
    return next_delay(
        tries,
        delays=route.retry_delays if route is not None else (),
        retry_after=asked_seconds(error),
        at_least=_least_wait(services, event, route),
    )


def _tries(services: Services, claim: Claim) -> int:
    """Count the tries since the last replay; a store that is away will not take the result of this one anyway."""
    if claim.attempt == 1:
        return 1
    try:
        with services.database.read() as tx:
            return tries_since_replay(tx, claim)
    except StoreUnavailable:
        return claim.attempt


def _least_wait(services: Services, event: Event, route: Route | None) -> float:
    """Let a platform that repeats failed answers go first; the others need our own retry soon."""
    channel = services.channels.get(event.channel)
    source = channel.as_capability(WebhookSource) if channel is not None else None
    if route is None or not route.inline or source is None:
        return MINIMUM_SECONDS
    return REDELIVERY_GRACE_SECONDS if source.retries_failed_answers else MINIMUM_SECONDS
