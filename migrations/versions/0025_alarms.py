"""Alarms of the built-in watch, whose turn it is to look, when dispatches died, and the trace that an event is part of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", ExactText(96), nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("weight", sa.BigInteger, nullable=False),
        sa.Column("told_weight", sa.BigInteger),
        sa.Column("told_at", UtcDateTime),
        sa.Column("facts", Blob, nullable=False),
        sa.Column("began_at", UtcDateTime),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_alarms"),
    )
    op.create_table(
        "watch_turns",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("taken_at", UtcDateTime, nullable=False),
        sa.Column("without_gap_since", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_watch_turns"),
    )
    op.create_index(
        "ix_dispatches_died",
        "dispatches",
        ["state", "finished_at"],
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )

    op.add_column("events", sa.Column("traceparent", sa.String(64)))


def downgrade() -> None:
    # Not in a batch: on SQLite that makes the table anew, and dispatches would go with the old one.
    op.drop_column("events", "traceparent")
    op.drop_index("ix_dispatches_died", "dispatches")
    op.drop_table("watch_turns")
    op.drop_table("alarms")
