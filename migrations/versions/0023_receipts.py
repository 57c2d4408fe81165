"""What a platform was answered when it delivered an event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("answered_at", UtcDateTime, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("duration_us", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
        sa.Column("answer", sa.LargeBinary(1024)),
    )


def downgrade() -> None:
    op.drop_table("receipts")
