"""Bind codes, followers, the OpenID index and app tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_bindcodes()
    _create_followers()
    _create_openids()
    _create_app_tokens()


def _create_bindcodes() -> None:
    op.create_table(
        "bindcodes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("code", ExactText(16), nullable=False),
        sa.Column("scene", ExactText(64), nullable=False),
        sa.Column("page_key", ExactText(64), nullable=False),
        sa.Column("app", ExactText(64), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("user_ref", ExactText(191)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("open_id", ExactText(255)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("bound_at", UtcDateTime()),
        sa.Column("qr_content", ExactText(1024)),
        sa.Column("qr_image_url", ExactText(1024)),
        sa.Column("qr_expires_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_bindcodes"),
        sa.UniqueConstraint("code", name="uq_bindcodes_code"),
        sa.UniqueConstraint("scene", name="uq_bindcodes_scene"),
        sa.UniqueConstraint("page_key", name="uq_bindcodes_page_key"),
    )
    op.create_index("ix_bindcodes_expires_at", "bindcodes", ["expires_at"])


def _create_followers() -> None:
    op.create_table(
        "followers",
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("open_id", ExactText(255), nullable=False),
        sa.Column("union_id", ExactText(255)),
        sa.Column("subscribed", sa.Boolean()),
        sa.Column("subscription_at", UtcDateTime()),
        sa.Column("subscription_received_at", UtcDateTime()),
        sa.Column("subscription_event", sa.String(32)),
        sa.Column("wrong_guesses", sa.Integer(), nullable=False),
        sa.Column("guessing_since", UtcDateTime()),
        sa.PrimaryKeyConstraint("channel", "open_id", name="pk_followers"),
    )


def _create_openids() -> None:
    op.create_table(
        "openids",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("app", ExactText(64), nullable=False),
        sa.Column("open_id", ExactText(255), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("user_ref", ExactText(191)),
        sa.Column("bound_at", UtcDateTime(), nullable=False),
        sa.Column("bindcode_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_openids"),
        sa.UniqueConstraint("app", "open_id", name="uq_openids_app_open_id"),
    )
    op.create_index("ix_openids_app_id", "openids", ["app", "id"])
    op.create_index("ix_openids_channel_id", "openids", ["channel", "id"])


def _create_app_tokens() -> None:
    op.create_table(
        "app_tokens",
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", Blob),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fetched_at", UtcDateTime()),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("renew_at", UtcDateTime()),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("last_error", ExactText(500)),
        sa.Column("last_error_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("channel", "kind", name="pk_app_tokens"),
    )


def downgrade() -> None:
    for table in ("app_tokens", "openids", "followers", "bindcodes"):
        op.drop_table(table)
