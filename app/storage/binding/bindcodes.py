"""Bind codes: a word to type and a scene to scan, good for one person, once, until their time is over.

Only `pending` and `bound` are stored; `expired` is what a pending code is once its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, UniqueConstraint, select

from app.core.states import BindStatus
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

bindcodes = Table(
    "bindcodes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("code", ExactText(16), nullable=False),
    Column("scene", ExactText(64), nullable=False),
    # Names the page for people: a word of its own, so that an address in a log or a history gives no scene away.
    Column("page_key", ExactText(64), nullable=False),
    Column("app", ExactText(64), nullable=False),
    Column("channel", ExactText(64), nullable=False),
    Column("user_ref", ExactText(191)),
    Column("status", String(16), nullable=False),
    Column("open_id", ExactText(255)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("bound_at", UtcDateTime),
    Column("qr_content", ExactText(1024)),
    Column("qr_image_url", ExactText(1024)),
    Column("qr_expires_at", UtcDateTime),
    UniqueConstraint("code"),
    UniqueConstraint("scene"),
    UniqueConstraint("page_key"),
    Index("ix_bindcodes_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class BindCode:
    """One bind code; `bound_at` is the platform's own time of the scan or message that consumed it."""

    id: str
    code: str
    scene: str
    page_key: str
    app: str
    channel: str
    user_ref: str | None
    status: BindStatus
    open_id: str | None
    created_at: datetime
    expires_at: datetime
    bound_at: datetime | None = None
    qr_content: str | None = None
    qr_image_url: str | None = None
    qr_expires_at: datetime | None = None

    def at(self, now: datetime) -> BindCode:
        """Return the code as it stands at a time: a pending one is expired once its time is over."""
        is_over = self.status is BindStatus.PENDING and self.expires_at <= now
        return replace(self, status=BindStatus.EXPIRED) if is_over else self


def insert_bindcode(tx: Connection, new: BindCode) -> bool:
    """Store a new code; False when one of its random words is taken."""
    names = ("id", "code", "scene", "page_key", "app", "channel", "user_ref", "created_at", "expires_at")
    values: dict[str, Any] = {name: getattr(new, name) for name in names}
    return insert_once(tx, bindcodes, values | {"status": new.status.value})


def store_scene_qr(
    tx: Connection, bindcode_id: str, *, content: str, image_url: str | None, expires_at: datetime
) -> None:
    """Keep what the platform made for a code's scene."""
    tx.execute(
        bindcodes.update()
        .where(bindcodes.c.id == bindcode_id)
        .values(qr_content=content, qr_image_url=image_url, qr_expires_at=expires_at)
    )


def find_bindcode(tx: Connection, code: str) -> BindCode | None:
    """Return the code of that exact word, on whatever channel."""
    return _one(tx, bindcodes.c.code == code)


def find_bindcode_page(tx: Connection, page_key: str) -> BindCode | None:
    """Return the code whose page has that key."""
    return _one(tx, bindcodes.c.page_key == page_key)


def find_typed(tx: Connection, channel: str, code: str) -> BindCode | None:
    """Return a channel's code by what was typed there."""
    return _one(tx, bindcodes.c.code == code, bindcodes.c.channel == channel)


def find_scanned(tx: Connection, channel: str, scene: str) -> BindCode | None:
    """Return a channel's code by the scene scanned there."""
    return _one(tx, bindcodes.c.scene == scene, bindcodes.c.channel == channel)


def consume_bindcode(
    tx: Connection, bindcode_id: str, *, channel: str, open_id: str, moment: datetime
) -> bool:
    """Give a code to one person; False, and nothing written, when it is taken or was over at that moment.

    The guard in the UPDATE, not a look before it, decides who wins: whoever waits for the row finds it taken.
    """
    changed = tx.execute(
        bindcodes.update()
        .where(
            bindcodes.c.id == bindcode_id,
            bindcodes.c.channel == channel,
            bindcodes.c.status == BindStatus.PENDING.value,
            bindcodes.c.expires_at > moment,
        )
        .values(status=BindStatus.BOUND.value, open_id=open_id, bound_at=moment)
    ).rowcount
    return bool(changed)


def delete_old_bindcodes(tx: Connection, expired_before: datetime) -> int:
    """Forget codes that were over before a time, bound or not; the index of OpenIDs stays. Return how many."""
    return tx.execute(bindcodes.delete().where(bindcodes.c.expires_at < expired_before)).rowcount


def _one(tx: Connection, *conditions: Any) -> BindCode | None:
    row = tx.execute(select(bindcodes).where(*conditions)).one_or_none()
    return None if row is None else _from_row(row)


def _from_row(row: Row[Any]) -> BindCode:
    return BindCode(**(row._asdict() | {"status": BindStatus(row.status)}))
