"""Indexes for what operators look for: types and subjects of events, what is dead, what was done and to what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dead = sa.text("state = 'dead'")
    op.create_index(
        "ix_dispatches_dead", "dispatches", ["state", "id"], postgresql_where=dead, sqlite_where=dead
    )
    named = sa.text("subject IS NOT NULL")
    op.create_index(
        "ix_events_subject",
        "events",
        ["subject", "received_at"],
        postgresql_where=named,
        sqlite_where=named,
    )
    op.create_index("ix_events_type_received_at", "events", ["type", "received_at"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])
    op.create_index("ix_audit_entries_target", "audit_entries", ["target", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_target", table_name="audit_entries")
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.drop_index("ix_events_type_received_at", table_name="events")
    op.drop_index("ix_events_subject", table_name="events")
    op.drop_index("ix_dispatches_dead", table_name="dispatches")
