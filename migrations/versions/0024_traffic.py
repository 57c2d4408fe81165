"""How many callbacks came in each minute, and how they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COUNTS = (
    "accepted",
    "duplicate",
    "set_up",
    "refused",
    "turned_away",
    "failed",
    "duplicate_events",
    "attempts",
    "failed_attempts",
    *(f"bucket_{number}" for number in range(14)),
)


def upgrade() -> None:
    op.create_table(
        "traffic_minutes",
        sa.Column("minute", UtcDateTime, nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("channel", "minute"),
    )
    op.create_index("ix_traffic_minutes_minute", "traffic_minutes", ["minute"])


def downgrade() -> None:
    op.drop_table("traffic_minutes")
