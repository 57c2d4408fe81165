"""What notifications remember: what became of events, and what was said last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_events",
        sa.Column("name", ExactText(64), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("waits_with", sa.String(32)),
        sa.Column("message_id", sa.String(32)),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "event_id", name="pk_notification_events"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_notification_events_event_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notification_events_event_id", "notification_events", ["event_id"])
    op.create_index("ix_notification_events_waits_with", "notification_events", ["waits_with"])
    op.create_table(
        "notification_marks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("value", sa.String(64)),
        sa.Column("counted_from", UtcDateTime()),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("collects", sa.String(32)),
        sa.Column("collects_until", UtcDateTime()),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_marks"),
    )
    op.create_index("ix_notification_marks_changed_at", "notification_marks", ["changed_at"])


def downgrade() -> None:
    op.drop_table("notification_marks")
    op.drop_table("notification_events")
