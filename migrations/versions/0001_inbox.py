"""Events, dispatches and their attempts, used nonces, rejections, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_events()
    _create_dispatches()
    op.create_table(
        "nonces",
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("nonce", ExactText(128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"])
    _create_rejections()
    _create_audit_entries()


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("type", ExactText(255), nullable=False),
        sa.Column("key", ExactText(255), nullable=False),
        sa.Column("claim", ExactText(255)),
        sa.Column("subject", ExactText(255)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcDateTime()),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("remote_addr", sa.String(64), nullable=False),
        sa.Column("scheme", sa.String(64), nullable=False),
        sa.Column("version", sa.String(8), nullable=False),
        sa.Column("query_string", Blob),
        sa.Column("headers", Blob),
        sa.Column("body", Blob),
        sa.Column("data", Blob),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("channel", "claim", name="uq_events_channel_claim"),
    )
    op.create_index("ix_events_received_at", "events", ["received_at", "id"])
    op.create_index("ix_events_channel_received_at", "events", ["channel", "received_at"])
    op.create_index("ix_events_state_received_at", "events", ["state", "received_at"])


def _create_dispatches() -> None:
    op.create_table(
        "dispatches",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("route", ExactText(191), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("result", Blob),
        sa.PrimaryKeyConstraint("id", name="pk_dispatches"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_dispatches_event_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("event_id", "route", name="uq_dispatches_event_id_route"),
    )
    op.create_index("ix_dispatches_due_at", "dispatches", ["due_at"])
    op.create_table(
        "attempts",
        sa.Column("dispatch_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("error", ExactText(1000)),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("dispatch_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(
            ["dispatch_id"], ["dispatches.id"], name="fk_attempts_dispatch_id", ondelete="CASCADE"
        ),
    )


def _create_rejections() -> None:
    op.create_table(
        "rejections",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(64), nullable=False),
        sa.Column("reason", ExactText(255), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("path", ExactText(255), nullable=False),
        sa.Column("remote_addr", sa.String(64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("headers", Blob, nullable=False),
        sa.Column("body_start", Blob, nullable=False),
        sa.Column("body_length", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejections"),
    )
    op.create_index("ix_rejections_channel", "rejections", ["channel", "id"])


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", ExactText(191), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", ExactText(191), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.Column("detail", Blob),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])


def downgrade() -> None:
    for table in ("audit_entries", "rejections", "nonces", "attempts", "dispatches", "events"):
        op.drop_table(table)
