"""Where destinations stand, and the order of dispatches that share a key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destination_states",
        sa.Column("name", ExactText(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("unavailable", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime()),
        sa.Column("slot_at", UtcDateTime()),
        sa.Column("paused_at", UtcDateTime()),
        sa.Column("pause_reason", ExactText(1000)),
        sa.Column("last_failure_at", UtcDateTime()),
        sa.Column("last_error", ExactText(1000)),
        sa.PrimaryKeyConstraint("name", name="pk_destination_states"),
    )
    op.add_column("dispatches", sa.Column("order_key", ExactText(191)))
    op.create_index(
        "ix_dispatches_order",
        "dispatches",
        ["route", "order_key", "due_at", "id"],
        postgresql_where=sa.text("order_key IS NOT NULL"),
        sqlite_where=sa.text("order_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_dispatches_order", table_name="dispatches")
    op.drop_column("dispatches", "order_key")
    op.drop_table("destination_states")
