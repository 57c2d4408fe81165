"""Set-up checks that passed, channels that an operator switched off, and notes that all processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_checks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("kind", ExactText(64), nullable=False),
        sa.Column("trace_id", sa.String(32), nullable=False),
    )
    op.create_index("ix_channel_checks_channel", "channel_checks", ["channel", "id"])
    op.create_table(
        "channel_overrides",
        sa.Column("channel", ExactText(64), primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("actor", ExactText(191), nullable=False),
        sa.Column("reason", ExactText(500), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "shared_notes",
        sa.Column("name", ExactText(64), primary_key=True),
        sa.Column("actor", ExactText(191), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("content", Blob),
    )

    op.create_index("ix_identities_channel", "identities", ["channel", "last_login_at"])


def downgrade() -> None:
    op.drop_index("ix_identities_channel", table_name="identities")
    op.drop_table("shared_notes")
    op.drop_table("channel_overrides")
    op.drop_table("channel_checks")
