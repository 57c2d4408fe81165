"""The filled application, made once for each database; and what checks an answer against the document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.storage.database.db import Database
from tests.openapi.filled import Filled


@pytest.fixture
def filled(database: Database) -> Iterator[Filled]:
    """Return an application with something of everything."""
    made = Filled(database)
    yield made
    made.services.inline_pool.shutdown(wait=False)
