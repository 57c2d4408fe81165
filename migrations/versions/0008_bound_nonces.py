"""What a used nonce was used with, where the same request may come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nonces", sa.Column("bound_to", sa.String(64)))


def downgrade() -> None:
    # The marks of what was forgotten have no nonce; older code would take them for rows of its own.
    op.execute(sa.text("DELETE FROM nonces WHERE nonce = ''"))
    with op.batch_alter_table("nonces") as table:
        table.drop_column("bound_to")
