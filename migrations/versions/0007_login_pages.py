"""Which of a channel's login pages a flow was started on: inside the platform's app, by QR on a desktop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flows", sa.Column("page", sa.String(32)))


def downgrade() -> None:
    with op.batch_alter_table("flows") as table:
        table.drop_column("page")
