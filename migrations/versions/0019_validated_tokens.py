"""When a person's token is next shown to a provider that wants to be asked about tokens now and then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("validate_after", UtcDateTime))


def downgrade() -> None:
    with op.batch_alter_table("connections") as table:
        table.drop_column("validate_after")
