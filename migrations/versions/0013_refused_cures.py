"""The traceback of a failed attempt, and when a token that stays refused is next replaced by force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("traceback", Blob))
    op.add_column("app_tokens", sa.Column("refused_since", UtcDateTime))
    for table in ("app_tokens", "connections"):
        op.add_column(table, sa.Column("useless_cures", sa.Integer))
        op.add_column(table, sa.Column("force_after", UtcDateTime))


def downgrade() -> None:
    for name in ("connections", "app_tokens"):
        with op.batch_alter_table(name) as table:
            table.drop_column("force_after")
            table.drop_column("useless_cures")
    with op.batch_alter_table("app_tokens") as table:
        table.drop_column("refused_since")
    with op.batch_alter_table("attempts") as table:
        table.drop_column("traceback")
