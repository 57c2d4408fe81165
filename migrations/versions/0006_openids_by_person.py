"""Finding the bindings of a person: retention asks for those of a whole page of followers."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_openids_channel_open_id", "openids", ["channel", "open_id"])


def downgrade() -> None:
    op.drop_index("ix_openids_channel_open_id", table_name="openids")
