"""Addresses that are kept out for a while; audit entries by who caused them, since those of anybody are kept for a few days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bans",
        sa.Column("address", ExactText(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_bans"),
    )
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_actor", table_name="audit_entries")
    op.drop_table("bans")
