"""What operators do about messages that platforms took: take them back, and ask what became of them.

Call by call, while the caller waits, and never longer than some seconds: what is left is done by asking again. Each result
is written at once, so whoever stops in the middle loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import structlog

from app.core.errors import CallgateError, RefusedError, UpstreamUnavailable
from app.core.sending import QuotaReached, Recipient, Sender
from app.core.sent_messages import Fate, FateTeller, Recaller, Sent
from app.core.states import RecipientState
from app.pipeline.channels import Channel
from app.pipeline.operators.messages import check_has_ended, find_shown_message
from app.pipeline.sending.calls import with_loan
from app.pipeline.services import Services
from app.security.redaction import mask_values, redact_text
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.messages.afterwards import (
    RECALL_REFUSED,
    TAKEN,
    count_taken,
    judge_again,
    list_taken,
    write_afterwards,
)
from app.storage.messages.lists import list_channels_of

MOST_ROWS = 2000
MOST_SECONDS = 20.0
CANNOT_RECALL = "The platform takes such a message back for nobody."

log = structlog.get_logger(__name__)


class _Call(NamedTuple):
    """One call that a platform took, and the rows of its recipients."""

    channel: str
    sent: Sent
    rows: Sequence[Any]


@dataclass(slots=True)
class _Account:
    """What came of it, counted in recipients and parts."""

    counts: dict[str, int] = field(default_factory=dict)
    stopped_by: str | None = None

    def add(self, word: str, count: int) -> None:
        """Count some more."""
        self.counts[word] = self.counts.get(word, 0) + count


def recall_message(services: Services, message_id: str, *, actor: str, trace_id: str = "") -> dict[str, Any]:
    """Take a message back from everybody who got it, audited; raises RefusedError 404 and 409.

    1. The message must have ended; what waits is stopped with `stop_sending`.
    2. Call by call the platform is asked, and told apart: recalled, refused with its reason, not possible there.
    3. What the time did not suffice for, or what a busy platform put off, is left; asking again goes on with it.
    """
    calls = _calls(services, message_id, TAKEN)
    if not any(_able(services, call, Recaller) for call in calls):
        raise RefusedError(
            "cannot_recall",
            "Nobody has this message any more, or no channel it went through takes messages back; docs/contract.md §9a lists those that do.",
            http_status=409,
        )
    _audit(services, message_id, "message.recall", actor, trace_id)
    account = _Account()
    for call in _in_time(calls, account):
        account.add(_recalled(services, message_id, call, account), len(call.rows))
    log.info("message_recalled", event_id=message_id, **account.counts)
    return _told(services, message_id, account, ("recalled", "refused", "impossible"))


def _recalled(services: Services, message_id: str, call: _Call, account: _Account) -> str:
    channel, recaller = _capability(services, call, Recaller)
    if channel is None or recaller is None or not recaller.recalls(call.sent.kind):
        return "impossible"
    try:
        _ask(services, channel, call, lambda lent: recaller.recall(call.sent, lent))
    except (QuotaReached, UpstreamUnavailable) as busy:
        account.stopped_by = _sentence(channel, busy)
        return "left"
    except CallgateError as error:
        rows, sentence = call.rows, _sentence(channel, error)
        _write(
            services,
            lambda tx: _write_refusal(tx, services, message_id, rows, sentence),
        )
        return "refused"
    now = services.clock.now()
    _write(
        services,
        lambda tx: write_afterwards(tx, call.rows, message_id, state=RecipientState.RECALLED, now=now),
    )
    return "recalled"


def _write_refusal(
    tx: Transaction, services: Services, message_id: str, rows: Sequence[Any], sentence: str
) -> None:
    """Say on rows that stay as they are why they could not be taken back."""
    now = services.clock.now()
    for state, same in groupby(sorted(rows, key=lambda row: row.state), key=lambda row: row.state):
        write_afterwards(
            tx,
            list(same),
            message_id,
            state=RecipientState(state),
            now=now,
            error=RECALL_REFUSED,
            sentence=sentence,
        )


def ask_what_became(services: Services, message_id: str, *, actor: str, trace_id: str = "") -> dict[str, Any]:
    """Ask platforms what became of what they took without a word, audited; raises RefusedError 404 and 409.

    Who has it is `sent` from then on, who has not is `refused` with the reason; the message is judged anew.
    """
    calls = _calls(services, message_id, (RecipientState.ACCEPTED.value,))
    if not any(_able(services, call, FateTeller) for call in calls):
        raise RefusedError(
            "nothing_to_ask",
            "No platform tells more about this message; DingTalk does about work notices to members.",
            http_status=409,
        )
    _audit(services, message_id, "message.check", actor, trace_id)
    account = _Account()
    for call in _in_time(calls, account):
        _asked(services, message_id, call, account)
    return _told(services, message_id, account, ("sent", "refused", "unknown"))


def _asked(services: Services, message_id: str, call: _Call, account: _Account) -> None:
    channel, teller = _capability(services, call, FateTeller)
    if channel is None or teller is None or not teller.tells_fate(call.sent.kind):
        account.add("unknown", len(call.rows))
        return
    try:
        fate = _ask(services, channel, call, lambda lent: teller.fate(call.sent, lent))
    except CallgateError as error:
        account.stopped_by = _sentence(channel, error)
        account.add("left", len(call.rows))
        return
    found = _write(services, lambda tx: _write_fate(tx, services, message_id, call, fate))
    for word, count in found.items():
        account.add(word, count)


def _write_fate(
    tx: Transaction, services: Services, message_id: str, call: _Call, fate: Fate
) -> dict[str, int]:
    now = services.clock.now()
    have = [row for row in call.rows if row.value in fate.reached]
    if have:
        write_afterwards(tx, have, message_id, state=RecipientState.SENT, now=now)
    missed = [row for row in call.rows if row.value in fate.not_reached]
    for row in missed:
        sentence, refused = fate.not_reached[row.value], RecipientState.REFUSED
        write_afterwards(
            tx, [row], message_id, state=refused, now=now, error="not_reached", sentence=sentence
        )
    judge_again(tx, message_id, call.rows[0].position, now=now)
    return {
        "sent": len(have),
        "refused": len(missed),
        "unknown": len(call.rows) - len(have) - len(missed),
    }


def _calls(services: Services, message_id: str, states: Sequence[str]) -> list[_Call]:
    with services.database.read() as tx:
        check_has_ended(find_shown_message(tx, message_id))
        names = {each.position: each.channel for each in list_channels_of(tx, [message_id])}
        rows = list_taken(tx, message_id, states, limit=MOST_ROWS)
    found = []
    for _, group in groupby(rows, key=lambda row: (row.position, row.part, row.batch, row.platform_id)):
        same = list(group)
        values = tuple(row.value for row in same)
        sent = Sent(same[0].platform_id or "", same[0].kind, values)
        found.append(_Call(names[same[0].position], sent, same))
    return found


def _in_time(calls: Sequence[_Call], account: _Account) -> Iterator[_Call]:
    """Yield calls until the time is over or a platform is busy; the others are left."""
    deadline = time.monotonic() + MOST_SECONDS
    for call in calls:
        if account.stopped_by is not None or time.monotonic() > deadline:
            account.add("left", len(call.rows))
        else:
            yield call


def _capability(services: Services, call: _Call, wanted: type[Any]) -> tuple[Channel | None, Any]:
    """Return the channel of a call and what it offers, nothing where the call has no id or the channel is off."""
    channel = services.channels.get(call.channel) if call.sent.message_id else None
    return channel, None if channel is None else channel.as_capability(wanted)


def _able(services: Services, call: _Call, wanted: type[Any]) -> bool:
    _, offered = _capability(services, call, wanted)
    if offered is None:
        return False
    does = offered.recalls if wanted is Recaller else offered.tells_fate
    return bool(does(call.sent.kind))


def _ask(services: Services, channel: Channel, call: _Call, question: Callable[[Any], Any]) -> Any:
    sender = channel.as_capability(Sender)
    assert sender is not None
    return with_loan(services, channel, sender, Recipient(call.sent.kind, call.sent.values[0]), question)


def _write(services: Services, work: Callable[[Transaction], Any]) -> Any:
    return services.database.run(work)


def _audit(services: Services, message_id: str, action: str, actor: str, trace_id: str) -> None:
    """Write down who asks before anything is done: a crash in the middle must not hide it."""
    now = services.clock.now()
    services.database.run(
        lambda tx: write_audit(tx, at=now, actor=actor, action=action, target=message_id, trace_id=trace_id)
    )


def _told(services: Services, message_id: str, account: _Account, words: Sequence[str]) -> dict[str, Any]:
    with services.database.read() as tx:
        beyond = max(0, count_taken(tx, message_id, TAKEN) - MOST_ROWS)
    left = account.counts.get("left", 0) + beyond
    told: dict[str, Any] = {"id": message_id, **{word: account.counts.get(word, 0) for word in words}}
    return told | {"left": left, "message": account.stopped_by}


def _sentence(channel: Channel, error: CallgateError) -> str:
    return redact_text(str(mask_values(error.message, channel.secrets)))
