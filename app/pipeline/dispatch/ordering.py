"""Order by key: events with the same value at a path run one after another on each route; others are not slowed.

The claim refuses a dispatch while an earlier one of its route and key is unfinished; a dead letter counts as finished.
Here the key is made, and what waits behind a stuck one is kept out of the claim's sight.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog

from app.config.field_paths import value_at
from app.core.errors import StoreUnavailable
from app.core.states import DispatchState
from app.core.values import Event
from app.pipeline.channels import Channel
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.queue.dispatches import Claim
from app.storage.queue.waiting import Head, heads_of_queues, held_next, hold_followers, release

MAX_KEY_LENGTH = 191
HEADS_AT_ONCE = 500

log = structlog.get_logger(__name__)


def order_key(channel: Channel, route: Route, event: Event) -> str | None:
    """Return the key an event is ordered by on a route, None when it may run at any time.

    A channel's keys are its own. Inline handlers run before the answer and so cannot wait for anything.
    """
    path = route.order_by or channel.config.order_by
    if path is None or route.inline:
        return None
    value = value_at(event.data, path)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    key = f"{channel.name}:{value}"
    if len(key) <= MAX_KEY_LENGTH and key.isprintable():
        return key
    return f"{channel.name}:sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def tell_followers(services: Services, claim: Claim, state: DispatchState, due_at: datetime | None) -> None:
    """Let what stands behind a dispatch wait until its next try at `due_at`, or go now that it is finished."""
    if due_at is not None:
        _let_followers_wait(services, claim, due_at)
    elif state in (DispatchState.SUCCEEDED, DispatchState.DEAD):
        _let_followers_go(services, claim)


def _let_followers_wait(services: Services, claim: Claim, until: datetime) -> None:
    if claim.order_key is None:
        return
    head = Head(claim.dispatch_id, claim.route, claim.order_key, until)
    try:
        services.database.run(lambda tx: hold_followers(tx, head))
    except StoreUnavailable:
        log.warning("order_not_tended", route=claim.route, event_id=claim.event_id)


def _let_followers_go(services: Services, claim: Claim) -> None:
    key = claim.order_key
    if key is None:
        return
    now = services.clock.now()
    try:
        with services.database.read() as tx:
            following = held_next(tx, claim.route, key, now)
        if following is not None:
            services.database.run(lambda tx: release(tx, following, now))
    except StoreUnavailable:
        log.warning("order_not_tended", route=claim.route, event_id=claim.event_id)
    services.runtime.wake()


def hold_new_followers(services: Services) -> None:
    """Let what queues behind dispatches that run or wait be held, so that the claim need not look at it."""
    now = services.clock.now()

    def hold(tx: Transaction) -> int:
        return sum(hold_followers(tx, head) for head in heads_of_queues(tx, now, limit=HEADS_AT_ONCE))

    services.database.run(hold)
