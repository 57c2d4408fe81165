"""The gateway that login tests look at: the whole application over its services, whatever platforms are behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask
from sqlalchemy import Table, func, select

from app.core.ports import HttpClient
from app.factory import create_app
from app.pipeline.channels import Channel, Channels
from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.login.connections import connections
from app.storage.login.identities import identities
from app.storage.login.sessions import sessions
from app.storage.login.users import users
from app.storage.tables import metadata
from tests.builders import FrozenClock, exchange
from tests.login.browser import Browser


@dataclass
class Gateway:
    """One process of a gateway, with a look into what it stored."""

    services: Services
    clock: FrozenClock
    app: Flask = field(init=False)
    closing: list[Callable[[], None]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(services=self.services)

    def browser(self) -> Browser:
        return Browser(self)

    def close(self) -> None:
        for close in self.closing:
            close()
        self.services.inline_pool.shutdown(wait=False)

    def channel(self, name: str) -> Channel:
        found = self.services.channels.get(name)
        assert found is not None
        return found

    def connector(self, name: str) -> Any:
        return self.channel(name).connector

    def use_http(self, name: str, http: HttpClient) -> None:
        """Put another client between a channel and its platform."""
        kept = [replace(each, http=http) if each.name == name else each for each in self.services.channels]
        exchange(self.services, channels=Channels(kept, self.services.channels.disabled))

    def count(self, table: Table) -> int:
        with self.services.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    def stored_people(self) -> tuple[int, int, int, int]:
        """Return how many users, identities, connections and sessions are stored."""
        users_, identities_, connections_, sessions_ = (
            self.count(table) for table in (users, identities, connections, sessions)
        )
        return users_, identities_, connections_, sessions_

    def all_stored(self) -> str:
        """Return every value of every table as one text, bytes as they are."""
        found = []
        with self.services.database.read() as tx:
            for table in metadata.sorted_tables:
                for row in tx.execute(select(table)):
                    found += [str(bytes(v), "latin-1") if isinstance(v, bytes) else str(v) for v in row]
        return "\n".join(found)

    def last_audit(self) -> Any:
        with self.services.database.read() as tx:
            entries = list_audit(tx, before=None, limit=1)
        return entries[0] if entries else None
