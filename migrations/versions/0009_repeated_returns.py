"""What a login's return said and how it ended, so that its repeat gets the same; and where a login's errors are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flows", sa.Column("answer", sa.String(64)))
    op.add_column("flows", sa.Column("failure", ExactText(1000)))
    op.add_column("flows", sa.Column("error_to", ExactText(2000)))


def downgrade() -> None:
    with op.batch_alter_table("flows") as table:
        table.drop_column("error_to")
        table.drop_column("failure")
        table.drop_column("answer")
