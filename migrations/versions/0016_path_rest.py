"""What stood behind the channel's name in the address of an event: some platforms sign it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("path_rest", Blob))


def downgrade() -> None:
    # Not in a batch: on SQLite that makes the table anew, and dispatches would go with the old one.
    op.drop_column("events", "path_rest")
