"""Commands with a callback address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("command", ExactText(128), nullable=False),
        sa.Column("callback_url", ExactText(2000), nullable=False),
        sa.Column("run_route", ExactText(191), nullable=False),
        sa.Column("callback_route", ExactText(191), nullable=False),
        sa.Column("state", sa.String(16)),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("result", Blob),
        sa.Column("error", ExactText(1000)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.ForeignKeyConstraint(["id"], ["events.id"], name="fk_commands_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("commands")
