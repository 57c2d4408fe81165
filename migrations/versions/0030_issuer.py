"""The issuer: registered clients, grants with codes and refresh tokens, consents, signing keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import Blob, ExactText, UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuer_clients",
        sa.Column("client_id", ExactText(64), primary_key=True),
        sa.Column("title", ExactText(100), nullable=False),
        sa.Column("secret_digest", sa.String(64)),
        sa.Column("keys", Blob, nullable=False),
        sa.Column("created_by", ExactText(191), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "issuer_keys",
        sa.Column("kid", ExactText(64), primary_key=True),
        sa.Column("signs", sa.String(16)),
        sa.Column("alg", sa.String(16), nullable=False),
        sa.Column("private_key", Blob, nullable=False),
        sa.Column("public_jwk", Blob, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("retired_at", UtcDateTime),
        sa.UniqueConstraint("signs"),
    )
    op.create_table(
        "issuer_consents",
        sa.Column("user_id", sa.String(32), primary_key=True),
        sa.Column("client_id", ExactText(64), primary_key=True),
        sa.Column("scope", ExactText(500), nullable=False),
        sa.Column("granted_at", UtcDateTime, nullable=False),
    )
    _create_grants()


def _create_grants() -> None:
    op.create_table(
        "issuer_grants",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("client_id", ExactText(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("identity_id", sa.String(32), nullable=False),
        sa.Column("sid", sa.String(32), nullable=False),
        sa.Column("scope", ExactText(500), nullable=False),
        sa.Column("nonce", ExactText(500)),
        sa.Column("auth_at", UtcDateTime, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
    )
    op.create_index("ix_issuer_grants_user", "issuer_grants", ["user_id", "client_id"])
    op.create_index("ix_issuer_grants_sid", "issuer_grants", ["sid"])
    op.create_index("ix_issuer_grants_expires_at", "issuer_grants", ["expires_at"])
    op.create_table(
        "issuer_codes",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "grant_id", sa.String(32), sa.ForeignKey("issuer_grants.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("redirect_uri", ExactText(1000), nullable=False),
        sa.Column("challenge", sa.String(128)),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
    )
    op.create_index("ix_issuer_codes_grant_id", "issuer_codes", ["grant_id"])
    op.create_table(
        "issuer_refresh_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "grant_id", sa.String(32), sa.ForeignKey("issuer_grants.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
    )
    op.create_index("ix_issuer_refresh_tokens_grant_id", "issuer_refresh_tokens", ["grant_id"])


def downgrade() -> None:
    for table in (
        "issuer_refresh_tokens",
        "issuer_codes",
        "issuer_grants",
        "issuer_consents",
        "issuer_keys",
        "issuer_clients",
    ):
        op.drop_table(table)
