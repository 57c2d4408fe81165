"""Messages, their channels and recipients, and what paces allow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_messages()
    _create_channels()
    _create_recipients()
    op.create_table(
        "sending_paces",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("whole_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sending_paces"),
    )
    op.create_index("ix_sending_paces_whole_at", "sending_paces", ["whole_at"])
    # What is remembered about a channel that sends stands there too, as send/<channel>.
    with op.batch_alter_table("destination_states") as table:
        table.alter_column("name", type_=ExactText(96), existing_type=ExactText(64), existing_nullable=False)


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("caller", ExactText(191), nullable=False),
        sa.Column("body_digest", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("is_fallback", sa.Boolean(), nullable=False),
        sa.Column("repeats_unknown", sa.Boolean(), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("stopped_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["id"], ["events.id"], name="fk_messages_id", ondelete="CASCADE"),
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at", "id"])
    op.create_index("ix_messages_state_created_at", "messages", ["state", "created_at"])


def _create_channels() -> None:
    op.create_table(
        "message_channels",
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("page_start", sa.Integer(), nullable=False),
        sa.Column("next_lookup", sa.String(64)),
        sa.Column("waits_until", UtcDateTime()),
        sa.Column("error", sa.String(32)),
        sa.Column("sentence", ExactText(500)),
        sa.Column("finished_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("message_id", "position", name="pk_message_channels"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_channels_message_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_message_channels_channel", "message_channels", ["channel", "message_id"])


def _create_recipients() -> None:
    op.create_table(
        "message_recipients",
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", ExactText(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("batch", sa.Integer()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("platform_id", ExactText(255)),
        sa.Column("error", sa.String(32)),
        sa.Column("sentence", ExactText(500)),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", "number", "part", name="pk_message_recipients"),
        sa.ForeignKeyConstraint(
            ["message_id", "position"],
            ["message_channels.message_id", "message_channels.position"],
            name="fk_message_recipients_message_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.execute("DELETE FROM destination_states WHERE name LIKE 'send/%'")
    with op.batch_alter_table("destination_states") as table:
        table.alter_column("name", type_=ExactText(64), existing_type=ExactText(96), existing_nullable=False)
    op.drop_table("sending_paces")
    op.drop_table("message_recipients")
    op.drop_table("message_channels")
    op.drop_table("messages")
