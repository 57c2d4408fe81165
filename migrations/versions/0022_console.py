"""The console: people with passwords, their sessions, their saved views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "console_people",
        sa.Column("name", ExactText(64), primary_key=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "console_sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("who", ExactText(64), nullable=False),
        sa.Column("proof", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("remote_addr", sa.String(64), nullable=False),
        sa.Column("agent", ExactText(255), nullable=False),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_console_sessions_who", "console_sessions", ["kind", "who"])
    op.create_index("ix_console_sessions_expires_at", "console_sessions", ["expires_at"])
    op.create_table(
        "console_views",
        sa.Column("owner", ExactText(80), primary_key=True),
        sa.Column("page", ExactText(32), primary_key=True),
        sa.Column("name", ExactText(64), primary_key=True),
        sa.Column("query", ExactText(1000), nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("console_views")
    op.drop_table("console_sessions")
    op.drop_table("console_people")
