"""When a message was last asked for again: from then on its lifetime counts anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import UtcDateTime

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("resent_at", UtcDateTime))


def downgrade() -> None:
    # Not by batch_alter_table: on SQLite that deletes the table, and with it every row that refers to it.
    op.drop_column("messages", "resent_at")
