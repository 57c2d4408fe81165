"""What was masked in an event because it held a credential, and what stood there, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("masked", Blob))
    op.add_column("events", sa.Column("sealed", Blob))


def downgrade() -> None:
    # Not in a batch: on SQLite that makes the table anew, and dispatches would go with the old one.
    op.drop_column("events", "sealed")
    op.drop_column("events", "masked")
