"""Orders that somebody waits for, and which event told that one was paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expected_payments",
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("order_number", ExactText(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("check_id", sa.String(32)),
        sa.Column("event_id", sa.String(32)),
        sa.Column("event_type", ExactText(255)),
        sa.Column("last_error", ExactText(500)),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("channel", "order_number"),
    )
    op.create_index("ix_expected_payments_changed_at", "expected_payments", ["changed_at"])


def downgrade() -> None:
    op.drop_table("expected_payments")
