"""Messages as the API, the console and the terminal show them; sending one again, and stopping one."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.core.errors import RefusedError, RequestError
from app.core.identifiers import new_id
from app.core.moments import as_text, iso_moment
from app.core.sending import ACCOUNT, Recipient, split_account
from app.core.states import MessageState, RecipientState
from app.core.storable import is_storable
from app.pipeline.operators.pages import bad_cursor, decode_cursor, encode_cursor
from app.pipeline.sending.routes import message_route_name
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.database.db import StoredRow, Transaction
from app.storage.inbox.events import find_replayable
from app.storage.messages.endings import reopen_channels, run_channels_again, stop_message
from app.storage.messages.lists import (
    Key,
    MessageFilter,
    count_recipients,
    find_message,
    find_message_state,
    list_channels_of,
    list_messages,
    list_recipients,
)
from app.storage.messages.states import NOBODY_REACHED, OPEN
from app.storage.queue.dispatches import NewDispatch
from app.storage.queue.event_states import lock_events

ID = re.compile(r"[0-9a-f]{32}")
CURSOR = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
LONGEST_CHANNEL = 64
FIRST_LOOK = 0.02
LONGEST_LOOK = 0.25
AGAIN = frozenset({MessageState.PARTLY, *NOBODY_REACHED})
"""Channels that have something to send again."""

FAILED = (RecipientState.FAILED, RecipientState.REFUSED)


class Resend(NamedTuple):
    """What is sent again: what failed; with `unknown` also what may have arrived; with `everything` all of it."""

    everything: bool = False
    unknown: bool = False

    @property
    def states(self) -> tuple[RecipientState, ...]:
        """The states of recipients that wait again."""
        if self.everything:
            return tuple(set(RecipientState) - {RecipientState.QUEUED, RecipientState.SENDING})
        return (*FAILED, RecipientState.UNKNOWN) if self.unknown else FAILED


def list_messages_page(
    services: Services, wanted: Mapping[str, str], *, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of messages, newest first, and the cursor of the next; raises RequestError for a bad filter."""
    filter_ = _filter(wanted)
    before = decode_cursor(cursor)
    with services.database.read() as tx:
        rows = list_messages(tx, filter_, before=before, limit=limit + 1)
        page = rows[:limit]
        channels = _channels_of(tx, [row.id for row in page])
    return {
        "items": [_summary(row, channels[row.id]) for row in page],
        "next_cursor": encode_cursor(page[-1].created_at, page[-1].id) if len(rows) > limit else None,
    }


def show_message(
    services: Services, message_id: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Return one message with a page of its recipients; raises RefusedError 404."""
    after = _read_cursor(cursor)
    with services.database.read() as tx:
        row = find_shown_message(tx, message_id)
        channels = _channels_of(tx, [row.id])[row.id]
        rows = list_recipients(tx, message_id, after=after, limit=limit + 1)
    page = rows[:limit]
    names = {each["position"]: each["channel"] for each in channels}
    last = page[-1] if page else None
    more = last is not None and len(rows) > limit
    return _summary(row, channels) | {
        "recipients": [_recipient(each, names) for each in page],
        "next_cursor": f"{last.position}.{last.number}.{last.part}" if more and last is not None else None,
    }


def wait_for_end(services: Services, message_id: str, *, seconds: float) -> bool:
    """Wait until a message has ended, so many seconds at most; say whether it has."""
    deadline, pause = time.monotonic() + seconds, FIRST_LOOK
    while True:
        with services.database.read() as tx:
            state = find_message_state(tx, message_id)
        if state not in OPEN:
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(LONGEST_LOOK, pause * 2)


def resend_message(
    services: Services, message_id: str, what: Resend, *, actor: str, trace_id: str = ""
) -> dict[str, Any]:
    """Have what failed of a message sent again, audited; return how many recipients wait now.

    A fallback is sent again on the channel that was tried last. Raises RefusedError 404 and 409.
    """
    now = services.clock.now()

    def resend(tx: Transaction) -> int:
        lock_events(tx, [message_id])
        row = find_shown_message(tx, message_id)
        _check_can_be_sent(tx, row)
        channels = _again(row, list_channels_of(tx, [message_id]), what)
        if not channels:
            raise _nothing()
        dispatches = [
            NewDispatch(new_id(now), message_id, message_route_name(each.channel), now) for each in channels
        ]
        if not run_channels_again(tx, dispatches):
            raise _not_ended()
        count = reopen_channels(tx, message_id, [each.position for each in channels], what.states, now=now)
        if not count and not any(each.next_lookup for each in channels):
            raise _nothing()
        detail = {"recipients": count, "all": what.everything, "unknown": what.unknown}
        write_audit(
            tx,
            at=now,
            actor=actor,
            action="message.resend",
            target=message_id,
            trace_id=trace_id,
            detail=detail,
        )
        return count

    count = services.database.run(resend)
    services.runtime.wake()
    return {"id": message_id, "recipients": count}


def stop_sending(services: Services, message_id: str, *, actor: str, trace_id: str = "") -> None:
    """Have a message go no further, audited; who was reached stays reached. Raises RefusedError 404 and 409."""
    now = services.clock.now()

    def stop(tx: Transaction) -> None:
        find_shown_message(tx, message_id)
        if not stop_message(tx, message_id, now=now):
            raise RefusedError(
                "message_ended", "The message has ended; there is nothing to stop.", http_status=409
            )
        write_audit(tx, at=now, actor=actor, action="message.stop", target=message_id, trace_id=trace_id)

    services.database.run(stop)
    services.runtime.wake()


def find_shown_message(tx: Transaction, message_id: str) -> StoredRow:
    """Return a message; raises RefusedError 404."""
    row = find_message(tx, message_id) if ID.fullmatch(message_id) else None
    if row is None:
        raise RefusedError("unknown_message", "There is no message with this id.", http_status=404)
    return row


def check_has_ended(row: StoredRow) -> None:
    """Raise RefusedError 409 for a message that is still being sent."""
    if MessageState(row.state) in OPEN:
        raise _not_ended()


def _check_can_be_sent(tx: Transaction, row: StoredRow) -> None:
    check_has_ended(row)
    event = find_replayable(tx, row.id)
    if event is None or event.is_pruned:
        raise RefusedError(
            "body_pruned",
            "What the message said is gone (RETENTION_BODY_DAYS); send a new one.",
            http_status=409,
        )


def _again(row: StoredRow, channels: Sequence[StoredRow], what: Resend) -> list[StoredRow]:
    begun = [each for each in channels if each.state != MessageState.WAITING.value]
    if row.is_fallback:
        begun = begun[-1:]
    return [each for each in begun if what.everything or MessageState(each.state) in AGAIN]


def _not_ended() -> RefusedError:
    return RefusedError(
        "message_not_ended", "The message is still being sent; stop it first, or wait.", http_status=409
    )


def _nothing() -> RefusedError:
    return RefusedError(
        "nothing_to_resend",
        "Nothing of this message failed; unknown=1 also repeats what may have arrived, all=1 everything.",
        http_status=409,
    )


def _channels_of(tx: Transaction, message_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    counts: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for each in count_recipients(tx, message_ids):
        counts[each.message_id, each.position][each.state] = int(each.count)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in list_channels_of(tx, message_ids):
        found[row.message_id].append(
            {
                "channel": row.channel,
                "position": row.position,
                "state": _shown_channel(row, counts[row.message_id, row.position]),
                "counts": counts[row.message_id, row.position],
                "is_complete": row.next_lookup is None,
                "waits_until": as_text(row.waits_until),
                "error": row.error,
                "message": row.sentence,
                "finished_at": as_text(row.finished_at),
            }
        )
    return found


def _shown(state: str, channels: list[dict[str, Any]]) -> str:
    """Return where a message stands; the very first call of one is not written as its state, but is under way."""
    is_under_way = any(each["state"] == MessageState.SENDING.value for each in channels)
    return MessageState.SENDING.value if state == MessageState.QUEUED.value and is_under_way else state


def _shown_channel(row: StoredRow, counts: Mapping[str, int]) -> str:
    is_under_way = row.state == MessageState.QUEUED.value and RecipientState.SENDING.value in counts
    return MessageState.SENDING.value if is_under_way else str(row.state)


def _summary(row: StoredRow, channels: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": _shown(row.state, channels),
        "caller": row.caller,
        "fallback": row.is_fallback,
        "channels": channels,
        "resends": row.resends,
        "created_at": as_text(row.created_at),
        "finished_at": as_text(row.finished_at),
        "stopped_at": as_text(row.stopped_at),
    }


def _recipient(row: StoredRow, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "channel": names[row.position],
        "to": _addressee(Recipient(row.kind, row.value)),
        "part": row.part,
        "state": row.state,
        "attempt": row.attempt,
        "platform_id": row.platform_id,
        "error": row.error,
        "message": row.sentence,
        "changed_at": as_text(row.changed_at),
    }


def _addressee(to: Recipient) -> dict[str, str]:
    """Return a recipient as callers write it."""
    if to.kind != ACCOUNT:
        return {to.kind: to.value}
    account, open_id = split_account(to)
    return {ACCOUNT: account, "open_id": open_id}


def _filter(wanted: Mapping[str, str]) -> MessageFilter:
    state, channel, since = (wanted.get(name) for name in ("state", "channel", "since"))
    if state is not None and state not in set(MessageState):
        raise RequestError("bad_state", "state must be one of " + ", ".join(MessageState) + ".")
    if channel is not None and not is_storable(channel, LONGEST_CHANNEL):
        raise RequestError("bad_filter", f"channel must be a name of {LONGEST_CHANNEL} characters at most.")
    try:
        moment = None if since is None else iso_moment(since)
    except ValueError:
        raise RequestError("bad_time", "since must be a time such as 2026-01-31T08:00:00Z.") from None
    return MessageFilter(None if state is None else MessageState(state), channel, moment)


def _read_cursor(cursor: str | None) -> Key | None:
    if cursor is None:
        return None
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise bad_cursor()
    return int(match[1]), int(match[2]), int(match[3])
