"""Users, identities, login flows, connections, sessions, signing keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    _create_identities()
    _create_flows()
    _create_connections()
    _create_sessions()
    op.create_table(
        "signing_keys",
        sa.Column("kid", ExactText(64), nullable=False),
        sa.Column("active", sa.Integer()),
        sa.Column("private_key", Blob, nullable=False),
        sa.Column("public_jwk", Blob, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
        sa.UniqueConstraint("active", name="uq_signing_keys_active"),
    )


def _create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("issuer", ExactText(191), nullable=False),
        sa.Column("subject_kind", ExactText(32), nullable=False),
        sa.Column("subject", ExactText(255), nullable=False),
        sa.Column("union_id", ExactText(255)),
        sa.Column("name", ExactText(255)),
        sa.Column("avatar_url", ExactText(1000)),
        sa.Column("profile", Blob, nullable=False),
        sa.Column("first_login_at", UtcDateTime(), nullable=False),
        sa.Column("last_login_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint(
            "issuer", "subject_kind", "subject", name="uq_identities_issuer_subject_kind_subject"
        ),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.create_index("ix_identities_union_id", "identities", ["union_id"])


def _create_flows() -> None:
    op.create_table(
        "flows",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("channel", ExactText(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("redirect_uri", ExactText(1000), nullable=False),
        sa.Column("next", ExactText(2000), nullable=False),
        sa.Column("binding", sa.String(64), nullable=False),
        sa.Column("verifier", Blob, nullable=False),
        sa.Column("user_id", sa.String(32)),
        sa.Column("sid", sa.String(32)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("consumed_at", UtcDateTime()),
        sa.Column("finished_sid", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_flows"),
    )
    op.create_index("ix_flows_expires_at", "flows", ["expires_at"])


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("access_token", Blob, nullable=False),
        sa.Column("refresh_token", Blob),
        sa.Column("extra", Blob),
        sa.Column("scope", ExactText(1000)),
        sa.Column("token_type", ExactText(32), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("refresh_expires_at", UtcDateTime()),
        sa.Column("refresh_after", UtcDateTime()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("dead_reason", sa.String(64)),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", name="pk_connections"),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identities.id"], name="fk_connections_identity_id", ondelete="CASCADE"
        ),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("sid", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("sid", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def downgrade() -> None:
    for table in ("signing_keys", "sessions", "connections", "flows", "identities", "users"):
        op.drop_table(table)
