"""What waits or runs has a narrow table of its own; events and ended dispatches are written once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.database.db import ExactText, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NARROW = ("id", "event_id", "route", "state", "attempt", "due_at", "started_at", "trigger", "order_key")
OVERWRITTEN = ("state", "attempt", "due_at", "started_at", "trigger")
WAIT_OR_RUN = ("pending", "running", "retrying")
TAKEN_CARE_OF = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "5000",
    "autovacuum_analyze_scale_factor": "0",
    "autovacuum_analyze_threshold": "5000",
    "autovacuum_vacuum_cost_delay": "0",
}
"""Every event passes through the queue, so its dead rows follow the events and not the few rows that are left."""

events = sa.table("events", sa.column("id"), sa.column("state"))
dispatches = sa.table("dispatches", *map(sa.column, (*NARROW, "finished_at")))
queue = sa.table("queue", *map(sa.column, NARROW))
attempts = sa.table("attempts", sa.column("dispatch_id"))


def upgrade() -> None:
    _create_queue()
    op.execute(queue.insert().from_select(NARROW, _narrow(dispatches).where(_waits_or_runs(dispatches))))
    # Before the rows go: those of the attempts would go with them.
    with op.batch_alter_table("attempts") as table:
        table.drop_constraint("fk_attempts_dispatch_id", type_="foreignkey")
    op.execute(dispatches.delete().where(_waits_or_runs(dispatches)))
    # None of these has a dead dispatch: an event of which one died was dead before, and stays so.
    op.execute(
        events.update()
        .where(events.c.state.in_(("received", "processing", "retrying")))
        .values(state="succeeded")
    )
    op.drop_index("ix_dispatches_due_at", table_name="dispatches")
    op.drop_index("ix_dispatches_order", table_name="dispatches")
    with op.batch_alter_table("dispatches") as table:
        table.drop_constraint("fk_dispatches_event_id", type_="foreignkey")
        for name in ("due_at", "started_at", "trigger"):
            table.drop_column(name)


def _create_queue() -> None:
    op.create_table(
        "queue",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("route", ExactText(191), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("order_key", ExactText(191)),
        sa.PrimaryKeyConstraint("id", name="pk_queue"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_queue_event_id", ondelete="CASCADE"),
        sa.UniqueConstraint("event_id", "route", name="uq_queue_event_id_route"),
        postgresql_with=TAKEN_CARE_OF,
    )
    op.create_index("ix_queue_due_at", "queue", ["due_at"])
    _create_order_index("ix_queue_order", "queue", ["route", "order_key", "id"])


def _create_order_index(name: str, table: str, columns: list[str]) -> None:
    ordered = sa.text("order_key IS NOT NULL")
    op.create_index(name, table, columns, postgresql_where=ordered, sqlite_where=ordered)


def _narrow(table: sa.TableClause) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(table.c[name] for name in NARROW))


def _waits_or_runs(table: sa.TableClause) -> sa.ColumnElement[bool]:
    return table.c.state.in_(WAIT_OR_RUN)


def downgrade() -> None:
    op.add_column("dispatches", sa.Column("due_at", UtcDateTime()))
    op.add_column("dispatches", sa.Column("started_at", UtcDateTime()))
    op.add_column(
        "dispatches", sa.Column("trigger", sa.String(16), nullable=False, server_default="automatic")
    )
    op.create_index("ix_dispatches_due_at", "dispatches", ["due_at"])
    _create_order_index("ix_dispatches_order", "dispatches", ["route", "order_key", "due_at", "id"])
    _move_back()
    _write_event_states()
    op.drop_table("queue")
    # What somebody deleted by hand left these behind.
    op.execute(dispatches.delete().where(dispatches.c.event_id.not_in(sa.select(events.c.id))))
    with op.batch_alter_table("dispatches") as table:
        table.create_foreign_key("fk_dispatches_event_id", "events", ["event_id"], ["id"], ondelete="CASCADE")
    op.execute(attempts.delete().where(attempts.c.dispatch_id.not_in(sa.select(dispatches.c.id))))
    with op.batch_alter_table("attempts") as table:
        table.create_foreign_key(
            "fk_attempts_dispatch_id", "dispatches", ["dispatch_id"], ["id"], ondelete="CASCADE"
        )


def _move_back() -> None:
    """Write what waits or runs over its earlier end where it has one, and beside the ended ones where it has none."""
    same = queue.c.id == dispatches.c.id
    now = {name: sa.select(queue.c[name]).where(same).scalar_subquery() for name in OVERWRITTEN}
    op.execute(dispatches.update().where(sa.exists().where(same)).values(**now, finished_at=sa.null()))
    known = sa.select(dispatches.c.id).subquery("known")
    op.execute(
        dispatches.insert().from_select(
            NARROW, _narrow(queue).where(queue.c.id.not_in(sa.select(known.c.id)))
        )
    )


def _write_event_states() -> None:
    def has(*states: str) -> sa.ColumnElement[bool]:
        found = sa.exists().where(dispatches.c.event_id == events.c.id)
        return found.where(dispatches.c.state.in_(states))

    unfinished = sa.select(queue.c.event_id)
    op.execute(
        events.update()
        .where(events.c.id.in_(unfinished), events.c.state != "dead")
        .values(
            state=sa.case(
                (has("retrying"), "retrying"), (has("running", "succeeded"), "processing"), else_="received"
            )
        )
    )
