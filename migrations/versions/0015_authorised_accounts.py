"""Accounts of others that have authorised one of our applications, with their tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authorised_accounts",
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("owner", ExactText(64), nullable=False),
        sa.Column("account", ExactText(64), nullable=False),
        sa.Column("title", ExactText(128)),
        sa.Column("original_id", ExactText(64)),
        sa.Column("access_token", Blob),
        sa.Column("lasting_token", Blob),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fetched_at", UtcDateTime()),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("renew_at", UtcDateTime()),
        sa.Column("authorised_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("code_digest", sa.String(64)),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("last_error", ExactText(500)),
        sa.Column("last_error_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("channel", "owner", "account", name="pk_authorised_accounts"),
    )


def downgrade() -> None:
    op.drop_table("authorised_accounts")
