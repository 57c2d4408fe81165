"""Since when an operator lets somebody log in no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("disabled_at", UtcDateTime))


def downgrade() -> None:
    # Not by batch_alter_table: on SQLite that deletes the table, and with it every identity and session that refers to it.
    op.drop_column("users", "disabled_at")
