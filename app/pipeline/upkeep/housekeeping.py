"""Small regular tidying: rows whose time is over and what they leave; what grows large is retention's."""

from __future__ import annotations

from datetime import timedelta

from app.pipeline.bans import tell_ended, tidy_bans
from app.pipeline.dispatch.ordering import hold_new_followers
from app.pipeline.services import Services
from app.pipeline.upkeep.retention import prune_when_due
from app.storage.binding.bindcodes import delete_old_bindcodes
from app.storage.console.sessions import delete_old_console_sessions
from app.storage.database.dead_rows import clear_dead_rows
from app.storage.expected_payments import delete_old_payments
from app.storage.issuer.grants import delete_old_grants, delete_unused_grants
from app.storage.issuer.keys import delete_issuer_keys
from app.storage.login.flows import purge_flows
from app.storage.login.sessions import delete_sessions
from app.storage.login.signing_keys import delete_keys
from app.storage.messages.notifications import forget_old_marks
from app.storage.queue.dispatches import queue

MOST_MARKS = 10_000
MOST_DEAD_ROWS = 20_000
"""Ten times as many cost a claim a millisecond."""


def tidy(services: Services) -> None:
    """Forget logins, sessions, keys and bans that are over, and bind codes and what notifications remember as old as the oldest events."""
    hold_new_followers(services)
    now = services.clock.now()
    kept_since = now - timedelta(days=services.settings.retention_event_days)
    with services.database.begin() as tx:
        delete_old_bindcodes(tx, kept_since)
        delete_old_payments(tx, kept_since)
        forget_old_marks(tx, kept_since, limit=MOST_MARKS)
        purge_flows(tx, now - timedelta(seconds=services.settings.flow_ttl))
        delete_sessions(tx, now)
        delete_old_grants(tx, now, limit=MOST_MARKS)
        delete_unused_grants(tx, now - timedelta(hours=1), limit=MOST_MARKS)
        delete_issuer_keys(tx, retired_before=now - timedelta(days=1))
        delete_old_console_sessions(tx, now)
        delete_keys(tx, retired_before=now - timedelta(seconds=services.settings.session_max_age))
        ended = tidy_bans(tx, now)
    tell_ended(ended)
    prune_when_due(services)


def keep_queue_small(services: Services) -> None:
    """Clear away what finished dispatches leave in the queue, so that claims stay quick whoever else does it or not."""
    clear_dead_rows(services.database, queue, more_than=MOST_DEAD_ROWS)
