"""What an event does to a code: whoever scans or types it is bound, once, whatever repeats. The built-in route is here.

Everything that an event changes is decided by rules that do not depend on the order of work: a code goes to whoever
takes it first and never moves; of several codes of one person the one used last counts; whether a person follows is what
the latest event says, by the platform's own time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from app.config.settings import Settings
from app.core.identifiers import new_id
from app.core.ports import BindSource
from app.core.states import BindStatus
from app.core.storable import storable, storable_key
from app.core.values import BindSignal, Event
from app.pipeline.binding.codes import CODE_SHAPE, WORD_SHAPE
from app.pipeline.channels import Channels
from app.pipeline.own_events import OPENID_BOUND, OPENID_UNSUBSCRIBED, OwnEvents
from app.pipeline.router import Context, Route
from app.storage.binding.bindcodes import (
    BindCode,
    consume_bindcode,
    find_bindcode,
    find_scanned,
    find_typed,
)
from app.storage.binding.followers import (
    Subscription,
    lock_follower,
    note_subscription,
    note_union_id,
    set_wrong_guesses,
)
from app.storage.binding.openids import apps_of, find_openid, upsert_openid
from app.storage.database.db import StoredRow, Transaction

ROUTE_NAME = "callgate.binding"
LONGEST_UNION_ID = 255
LONGEST_OPEN_ID = 255

MOST_WRONG_GUESSES = 10
GUESSING_WINDOW = timedelta(minutes=10)
CLOCK_DIFFERENCE = timedelta(minutes=5)
"""How far a platform's clock may be from ours before its times are not believed."""

BOUND = "绑定成功 · Bound"
USED = "此绑定码已被使用，请获取新的绑定码 · This code has been used; please get a new one"
EXPIRED = "绑定码已过期，请获取新的绑定码 · This code has expired; please get a new one"
UNKNOWN = "绑定码不存在，请核对后重试 · There is no such code; please check it and try again"
TOO_MANY = "尝试次数过多，请十分钟后再试 · Too many tries; please wait ten minutes"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Guesses:
    """How many wrong codes somebody typed since a time."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants a code, by which event, at what time by the platform's clock."""

    event: Event
    open_id: str
    at: datetime
    own_events: OwnEvents


def bind_route(channels: Channels, settings: Settings, own_events: OwnEvents) -> Route:
    """Return the built-in route that binds; it runs for every event with a bind signal, in its dispatch's transaction."""
    limits_guesses = settings.ratelimit_enabled

    def bind(event: Event, context: Context) -> str | None:
        channel = channels.get(event.channel)
        if channel is None or not isinstance(channel.connector, BindSource) or context.tx is None:
            return None
        signal = channel.connector.bind_signal(event)
        if signal is None:
            return None
        return apply_signal(context.tx, event, signal, own_events, limits_guesses=limits_guesses)

    return Route(ROUTE_NAME, "*", "*", bind, inline=True, transactional=True)


def apply_signal(
    tx: Transaction, event: Event, signal: BindSignal, own_events: OwnEvents, *, limits_guesses: bool = True
) -> str | None:
    """Do what an event says about binding; return what to tell the person, None when that is nothing.

    1. Lock what is known about the person, so that their events wait for each other.
    2. Note whether they follow, by the platform's own time.
    3. A scene that is ours, or a typed code, is consumed; who guessed wrong too often is refused before any look-up.
    """
    at = platform_time(event)
    signal = replace(signal, open_id=storable_key(signal.open_id, LONGEST_OPEN_ID))
    person = lock_follower(tx, event.channel, signal.open_id)
    if signal.union_id is not None and person.union_id is None:
        note_union_id(tx, event.channel, signal.open_id, storable(signal.union_id, LONGEST_UNION_ID))
    # Only somebody who follows can write to an account, so a typed code says as much as a scan.
    follows = True if signal.subscribed is None and signal.code is not None else signal.subscribed
    if follows is not None:
        said = Subscription(follows, at, event.received_at, event.id)
        if note_subscription(tx, event.channel, signal.open_id, said) and not follows:
            _tell_of_leaving(tx, event, signal.open_id, own_events)
    if signal.scene is not None:
        return _bind_scanned(tx, Claimant(event, signal.open_id, at, own_events), signal.scene)
    if signal.code is not None:
        guesses = _running_guesses(person, event.received_at)
        if limits_guesses and guesses.count >= MOST_WRONG_GUESSES:
            log.warning("bind_guesses_refused", channel=event.channel, event_id=event.id)
            return TOO_MANY
        return _bind_typed(tx, Claimant(event, signal.open_id, at, own_events), signal.code, guesses)
    return None


def _tell_of_leaving(tx: Transaction, event: Event, open_id: str, own_events: OwnEvents) -> None:
    """Tell that somebody who is bound follows no more; of strangers there is nothing to tell."""
    apps = apps_of(tx, event.channel, open_id)
    if apps:
        data = {"channel": event.channel, "open_id": open_id, "apps": apps, "event_id": event.id}
        own_events.tell(tx, OPENID_UNSUBSCRIBED, data, subject=open_id)


def bound_to(app: str) -> str:
    """Word that a code has bound somebody, and to which app: who was led to a stranger's code can see it."""
    return f"{BOUND}: {app}"


def platform_time(event: Event) -> datetime:
    """Return the platform's own time of an event; without one, or with one from the future, the receipt counts.

    A time far ahead would otherwise silence everything that comes after it.
    """
    if event.occurred_at is None or event.occurred_at > event.received_at + CLOCK_DIFFERENCE:
        return event.received_at
    return event.occurred_at


def _bind_scanned(tx: Transaction, claimant: Claimant, scene: str) -> str | None:
    """Consume the code of a scene; scenes that others made for this account are not ours to answer."""
    found = find_scanned(tx, claimant.event.channel, scene) if WORD_SHAPE.fullmatch(scene) else None
    return None if found is None else _consume(tx, claimant, found)


def _bind_typed(tx: Transaction, claimant: Claimant, code: str, guesses: Guesses) -> str:
    """Consume a typed code; whatever does not bind counts as a wrong guess."""
    channel = claimant.event.channel
    found = find_typed(tx, channel, code) if CODE_SHAPE.fullmatch(code) else None
    answer = UNKNOWN if found is None else _consume(tx, claimant, found)
    if not answer.startswith(BOUND):
        set_wrong_guesses(tx, channel, claimant.open_id, count=guesses.count + 1, since=guesses.since)
    return answer


def _running_guesses(person: StoredRow, now: datetime) -> Guesses:
    """Return what counts against a person now; a window begins with its first wrong guess."""
    since = person.guessing_since
    if since is None or now >= since + GUESSING_WINDOW:
        return Guesses(0, now)
    return Guesses(person.wrong_guesses, since)


def _consume(tx: Transaction, claimant: Claimant, found: BindCode) -> str:
    """Give a code to a person once, and put them into the app's index; the same person again hears the same."""
    event, open_id = claimant.event, claimant.open_id
    # A scan cannot be older than its code: such a time is not believed, so that it cannot outlive the code either.
    is_credible = claimant.at >= found.created_at - CLOCK_DIFFERENCE
    moment = claimant.at if is_credible else event.received_at
    if not consume_bindcode(tx, found.id, channel=event.channel, open_id=open_id, moment=moment):
        return _answer_for_taken(tx, open_id, found)
    upsert_openid(
        tx,
        new_id(event.received_at),
        app=found.app,
        open_id=open_id,
        channel=event.channel,
        user_ref=found.user_ref,
        bound_at=moment,
        bindcode_id=found.id,
    )
    said = {"app": found.app, "channel": event.channel, "open_id": open_id, "user_ref": found.user_ref}
    claimant.own_events.tell(
        tx, OPENID_BOUND, said | {"bindcode_id": found.id, "event_id": event.id}, subject=open_id
    )
    log.info("openid_bound", app=found.app, channel=event.channel, event_id=event.id, bindcode_id=found.id)
    return bound_to(found.app)


def _answer_for_taken(tx: Transaction, open_id: str, found: BindCode) -> str:
    """Word why a code was not given out; an entry that an operator has deleted is not brought back by its old code."""
    current = find_bindcode(tx, found.code)
    if current is None or current.status is BindStatus.PENDING:
        return EXPIRED
    is_theirs = current.open_id == open_id and find_openid(tx, current.app, open_id) is not None
    return bound_to(current.app) if is_theirs else USED
