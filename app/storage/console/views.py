"""Saved views: a page of the console with its filters, under a name, for the person who saved it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, func, select

from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

LONGEST_QUERY = 1000

console_views = Table(
    "console_views",
    metadata,
    Column("owner", ExactText(80), primary_key=True),
    Column("page", ExactText(32), primary_key=True),
    Column("name", ExactText(64), primary_key=True),
    Column("query", ExactText(LONGEST_QUERY), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)


class SavedView(NamedTuple):
    """One view: what it is called, and the query of its address."""

    name: str
    query: str


def insert_view(tx: Connection, *, owner: str, page: str, view: SavedView, saved_at: object) -> None:
    """Save a view; one of the same name is replaced."""
    delete_view(tx, owner=owner, page=page, name=view.name)
    values = {"owner": owner, "page": page, "saved_at": saved_at, **view._asdict()}
    insert_once(tx, console_views, values)


def count_views(tx: Connection, *, owner: str, page: str) -> int:
    """Return how many views somebody has of a page."""
    query = select(func.count()).where(console_views.c.owner == owner, console_views.c.page == page)
    return int(tx.execute(query).scalar_one())


def list_views(tx: Connection, *, owner: str, page: str) -> Sequence[SavedView]:
    """Return somebody's views of a page, by name."""
    query = select(console_views.c.name, console_views.c.query).where(
        console_views.c.owner == owner, console_views.c.page == page
    )
    return [SavedView(row.name, row.query) for row in tx.execute(query.order_by(console_views.c.name))]


def delete_view(tx: Connection, *, owner: str, page: str, name: str) -> bool:
    """Forget a view; False when there is none."""
    gone = console_views.delete().where(
        console_views.c.owner == owner, console_views.c.page == page, console_views.c.name == name
    )
    return tx.execute(gone).rowcount == 1
