"""Flows: OAuth starts waiting for their return, kept under the SHA-256 of their state; each is spent at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, select

from app.core.states import FlowMode, FlowPurpose
from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata

PURGE_BATCH = 200
MAX_FAILURE = 1000

flows = Table(
    "flows",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", ExactText(64), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("redirect_uri", ExactText(1000), nullable=False),
    Column("next", ExactText(2000), nullable=False),
    # SHA-256 of the login cookie of the browser that started; the column has an older name.
    Column("binding", String(64), key="browser", nullable=False),
    Column("verifier", Blob, nullable=False),
    # Which of several login pages was shown; null where a channel has one only.
    Column("page", String(32)),
    # Who started a link flow, and from which session.
    Column("user_id", String(32)),
    Column("sid", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("consumed_at", UtcDateTime),
    # SHA-256 of the return that spent it, and what came out: a session or a failure. The same browser's repeat gets it too.
    Column("answer", String(64)),
    Column("finished_sid", String(32)),
    Column("failure", ExactText(MAX_FAILURE)),
    # Where the program that sent the browser here wants to hear of a failure.
    Column("error_to", ExactText(2000)),
    Index("ix_flows_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Flow:
    """One started login or link; `verifier` is the sealed PKCE verifier."""

    id: str
    channel: str
    purpose: FlowPurpose
    mode: FlowMode
    redirect_uri: str
    next: str
    browser: str
    verifier: bytes
    created_at: datetime
    expires_at: datetime
    user_id: str | None = None
    sid: str | None = None
    consumed_at: datetime | None = None
    finished_sid: str | None = None
    page: str = ""
    answer: str | None = None
    failure: str | None = None
    error_to: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether its return has been taken to an end, good or bad."""
        return self.finished_sid is not None or self.failure is not None


def insert_flow(tx: Connection, flow: Flow) -> None:
    """Add a flow."""
    tx.execute(
        flows.insert().values(
            id=flow.id,
            channel=flow.channel,
            purpose=flow.purpose.value,
            mode=flow.mode.value,
            redirect_uri=flow.redirect_uri,
            next=flow.next,
            browser=flow.browser,
            verifier=flow.verifier,
            page=flow.page or None,
            error_to=flow.error_to,
            user_id=flow.user_id,
            sid=flow.sid,
            created_at=flow.created_at,
            expires_at=flow.expires_at,
        )
    )


def consume_flow(
    tx: Connection, flow_id: str, *, channel: str, browsers: Sequence[str], answer: str, now: datetime
) -> bool:
    """Spend a flow; True for exactly one caller, and only on its channel, from its browser and in time.

    One guarded UPDATE decides, so that neither two processes nor a restored cookie jar can spend it twice.
    """
    done = tx.execute(
        flows.update()
        .where(
            flows.c.id == flow_id,
            flows.c.channel == channel,
            flows.c.browser.in_(browsers),
            flows.c.consumed_at.is_(None),
            flows.c.expires_at > now,
        )
        .values(consumed_at=now, answer=answer)
    )
    return done.rowcount == 1


def find_flow(tx: Connection, flow_id: str) -> Flow | None:
    """Return one flow, spent or not."""
    row = tx.execute(select(flows).where(flows.c.id == flow_id)).one_or_none()
    return None if row is None else _flow(row)


def mark_flow_finished(tx: Connection, flow_id: str, sid: str) -> None:
    """Note which session came out of a spent flow."""
    tx.execute(flows.update().where(flows.c.id == flow_id).values(finished_sid=sid))


def mark_flow_failed(tx: Connection, flow_id: str, failure: str) -> None:
    """Note why nothing came out of a spent flow; the text is cut to MAX_FAILURE."""
    tx.execute(flows.update().where(flows.c.id == flow_id).values(failure=storable(failure, MAX_FAILURE)))


def purge_flows(tx: Connection, expired_before: datetime) -> int:
    """Remove some flows that expired before that time; return how many (relies on ix_flows_expires_at).

    A bounded number of rows picked by key keeps concurrent starts from waiting on each other's range locks.
    """
    old = tx.execute(select(flows.c.id).where(flows.c.expires_at < expired_before).limit(PURGE_BATCH))
    ids = list(old.scalars())
    if not ids:
        return 0
    return tx.execute(flows.delete().where(flows.c.id.in_(ids))).rowcount


def list_sealed_verifiers(tx: Connection, *, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
    """Return ids and sealed verifiers of unspent flows in the order of their ids, for key rotation."""
    query = select(flows.c.id, flows.c.verifier).where(flows.c.id > after, flows.c.consumed_at.is_(None))
    return [(row.id, bytes(row.verifier)) for row in tx.execute(query.order_by(flows.c.id).limit(limit))]


def replace_verifier(tx: Connection, flow_id: str, verifier: bytes) -> None:
    """Write the same verifier sealed anew."""
    tx.execute(flows.update().where(flows.c.id == flow_id).values(verifier=verifier))


def _flow(row: Row[Any]) -> Flow:
    return Flow(
        id=row.id,
        channel=row.channel,
        purpose=FlowPurpose(row.purpose),
        mode=FlowMode(row.mode),
        redirect_uri=row.redirect_uri,
        next=row.next,
        browser=row.browser,
        verifier=bytes(row.verifier),
        created_at=row.created_at,
        expires_at=row.expires_at,
        user_id=row.user_id,
        sid=row.sid,
        consumed_at=row.consumed_at,
        finished_sid=row.finished_sid,
        page=row.page or "",
        answer=row.answer,
        failure=row.failure,
        error_to=row.error_to,
    )
