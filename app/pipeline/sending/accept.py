"""Accepting a message: everything that can be judged is judged now, then it is stored in one commit. No network.

So a caller hears at once of a channel that sends nothing, a recipient it does not know and content it would not take.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.identifiers import OrderedIds, new_id
from app.core.sending import Part, Recipient, Sender
from app.core.states import EventState
from app.core.storable import storable
from app.core.traces import current_traceparent
from app.core.values import Event
from app.pipeline.channels import Channel
from app.pipeline.pressure import refusal_under_pressure
from app.pipeline.sending.routes import MESSAGES, message_route_name
from app.pipeline.sending.starts import release, reserve, start
from app.pipeline.sending.wanted import MOST_CHANNELS, Wanted, read_wanted
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.inbox.events import NewEvent
from app.storage.messages.acceptance import NewMessage, StoredMessage, store_messages
from app.storage.queue.acceptance import Acceptance
from app.storage.queue.dispatches import NewDispatch

IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")
KEY_LIFETIME = timedelta(days=30)
MOST_PARTS = 20
MOST_CALLER = 191
MOST_SCHEME = 64
LOOKED_UP_KIND = "open_id"
"""What people who are bound to an app are to a channel."""

DISPATCH_IDS = OrderedIds()

log = structlog.get_logger(__name__)


class AcceptedMessage(NamedTuple):
    """The message that was stored, or the one that an earlier request with this key stored."""

    id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for a message; `idempotency_key` is theirs.

    Handlers are not refused under pressure, because their work was taken. A run of theirs that is repeated may word a
    message differently, which is still the same message (`must_be_same`). `check_channel` raises RefusedError for a
    channel that they may not use.
    """

    caller: str
    idempotency_key: str | None = None
    yields_under_pressure: bool = True
    must_be_same: bool = True
    check_channel: Callable[[str], None] | None = None


def accept_message(
    services: Services, body: Mapping[str, Any], order: Order, *, tx: Transaction | None = None
) -> AcceptedMessage:
    """Take one message; raises RequestError for every refusal, with what to change.

    1. The gateway must not be under pressure, and the body must say what, to whom and where.
    2. Each channel must send, know these kinds of recipients, and take the content.
    3. Event, dispatches and recipients are stored in one commit, once for each idempotency key: that of `tx` where one
       is open.
    """
    if order.yields_under_pressure and (pressure := refusal_under_pressure(services)) is not None:
        raise pressure
    wanted = judged(services, read_wanted(body))
    if order.check_channel is not None:
        for channel in wanted.channels:
            order.check_channel(channel)
    new, stored = _stored(services, wanted, order, tx)
    if order.must_be_same:
        _check_same(new, stored)
    if stored.is_new:
        log.info("message_accepted", event_id=stored.id, channels=list(wanted.channels))
    return AcceptedMessage(stored.id, stored.is_new)


def _stored(
    services: Services, wanted: Wanted, order: Order, tx: Transaction | None
) -> tuple[NewMessage, StoredMessage]:
    """Store a message and have it begin: at once where the commit is ours and the engine has places."""
    if tx is not None:
        new = _new_message(services, wanted, order)
        (stored,) = store_messages(tx, [new])
        services.runtime.wake()
        return new, stored
    places = reserve(services, len(_begun(wanted)))
    try:
        new = _new_message(services, wanted, order, starts=bool(places))
        stored = services.accepts.run(store_messages, new)
    except BaseException:
        release(services, places)
        raise
    start(services, new.acceptance.new.event, stored, places)
    return new, stored


def prepare_message(services: Services, body: Mapping[str, Any], order: Order) -> NewMessage:
    """Judge a message and return what is to be stored, for those who store it in a transaction of their own.

    Raises RequestError as `accept_message` does.
    """
    return _new_message(services, judged(services, read_wanted(body)), order)


def judged(services: Services, wanted: Wanted) -> Wanted:
    """Return what was asked for with the channels of groups in their place; raises RequestError where a channel will not have it."""
    channels = [_sender(services, name) for name in _without_groups(services, wanted.channels)]
    wanted = replace(
        wanted,
        channels=tuple(channel.name for channel, _ in channels),
        recipients=wanted.recipients or _robot_of(wanted, channels),
    )
    for channel, sender in channels:
        for kind in kinds_of(wanted):
            _check_kind(channel, sender, kind)
            parts_of(channel, sender, wanted, kind)
    return wanted


def kinds_of(wanted: Wanted) -> tuple[str, ...]:
    """Return the kinds of recipients of a message, each once."""
    looked_up = (LOOKED_UP_KIND,) if wanted.apps else ()
    return tuple(dict.fromkeys((*(each.kind for each in wanted.recipients), *looked_up)))


def parts_of(channel: Channel, sender: Sender, wanted: Wanted, kind: str) -> tuple[Part, ...]:
    """Return the parts for one kind of recipient; raises RequestError that names the channel."""
    try:
        parts = tuple(sender.parts(wanted.message, kind))
    except RequestError as error:
        raise RequestError(error.code, f"{channel.name}: {error.message}") from error
    if not 0 < len(parts) <= MOST_PARTS:
        raise RequestError(
            "text_too_long", f"{channel.name}: the message would be {len(parts)} parts; shorten it."
        )
    return parts


def _without_groups(services: Services, names: Iterable[str]) -> tuple[str, ...]:
    groups = {group.name: group.channels for group in services.message_groups}
    found = tuple(dict.fromkeys(each for name in names for each in groups.get(name, (name,))))
    if len(found) > MOST_CHANNELS:
        raise RequestError("bad_channels", f"These groups have more than {MOST_CHANNELS} channels together.")
    return found


def _sender(services: Services, name: str) -> tuple[Channel, Sender]:
    channel = services.channels.get(name)
    sender = None if channel is None else channel.as_capability(Sender)
    if channel is None or sender is None:
        able = sorted(each.name for each in services.channels if each.as_capability(Sender) is not None)
        raise RequestError(
            "channel_cannot_send",
            f"No channel or message group that sends is called {name[:64]!r}; those that send here: "
            f"{', '.join(able)[:500] or 'none'}. `flask channels list` says what a channel can do.",
        )
    return channel, sender


def _robot_of(wanted: Wanted, channels: Iterable[tuple[Channel, Sender]]) -> tuple[Recipient, ...]:
    """Return the robot where nobody is named and every channel has one."""
    if wanted.apps:
        return ()
    for channel, sender in channels:
        if sender.recipient_kinds[0] != "robot":
            raise RequestError(
                "no_recipient", f"{channel.name} has no robot, so say to whom: {_kinds_in_words(sender)}."
            )
    return (Recipient("robot"),)


def _check_kind(channel: Channel, sender: Sender, kind: str) -> None:
    if kind not in sender.recipient_kinds:
        raise RequestError(
            "bad_recipient", f"{channel.name} sends to no {kind}; it takes {_kinds_in_words(sender)}."
        )


def _kinds_in_words(sender: Sender) -> str:
    return ", ".join(sender.recipient_kinds)


def _begun(wanted: Wanted) -> tuple[str, ...]:
    return wanted.channels[:1] if wanted.is_fallback else wanted.channels


def _new_message(services: Services, wanted: Wanted, order: Order, *, starts: bool = False) -> NewMessage:
    now = services.clock.now()
    event_id, data = new_id(now), wanted.as_data()
    key = None if order.idempotency_key is None else _event_key(order.caller, order.idempotency_key)
    event = Event(
        id=event_id,
        channel=MESSAGES,
        platform=MESSAGES,
        type=f"message.{wanted.message.type}" if wanted.message.is_native else "message",
        key=key or event_id,
        subject=None,
        occurred_at=None,
        received_at=now,
        data=data,
        raw=b"",
        headers=(),
        traceparent=current_traceparent(),
    )
    new = NewEvent(event, key is not None, EventState.SUCCEEDED, "", storable(order.caller, MOST_SCHEME))
    lease_until = now + timedelta(seconds=services.lease_seconds) if starts else None
    dispatches = tuple(_dispatch(event_id, channel, now, lease_until) for channel in _begun(wanted))
    return NewMessage(
        acceptance=Acceptance(new=new, dispatches=dispatches, window=KEY_LIFETIME, now=now),
        caller=storable(order.caller, MOST_CALLER),
        channels=wanted.channels,
        recipients=wanted.recipients,
        looks_up=bool(wanted.apps),
        is_fallback=wanted.is_fallback,
        repeats_unknown=wanted.repeats_unknown,
        body_digest=None if key is None else _digest(data, wanted),
    )


def _dispatch(event_id: str, channel: str, now: datetime, lease_until: datetime | None) -> NewDispatch:
    route = message_route_name(channel)
    return NewDispatch(DISPATCH_IDS.next(now), event_id, route, due_at=now, lease_until=lease_until)


def _event_key(caller: str, key: str) -> str:
    """Return the event's key for a caller's idempotency key; raises RequestError for one that cannot be used."""
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise RequestError(
            "bad_idempotency_key", "Idempotency-Key must be 1 to 255 printable ASCII characters."
        )
    return "idempotency:" + hashlib.sha256(f"{caller}\n{key}".encode("utf-8", "surrogatepass")).hexdigest()


def _digest(data: dict[str, Any], wanted: Wanted) -> str:
    """Return the digest of all that was asked for, whatever the order of its keys."""
    whole = data | {"fallback": wanted.is_fallback, "repeat_unknown": wanted.repeats_unknown}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _check_same(new: NewMessage, stored: StoredMessage) -> None:
    if stored.body_digest != new.body_digest:
        raise RefusedError(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another message; repeat that one as it was, or take a new key.",
            http_status=409,
        )
