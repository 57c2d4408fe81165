"""Counters of the issuer: guessing teaches nothing, and grants that nobody needs take no room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from app.pipeline.upkeep.housekeeping import tidy
from app.storage.database.db import Database
from app.storage.issuer.grants import issuer_grants
from tests.builders import FrozenClock
from tests.issuer.clients import FILE, BackEnd, Person
from tests.issuer.conftest import lend_keys
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway

HERE = pytest.mark.backends("sqlite")
SURELY = 130
"""So many requests pass sixty in a minute even where one minute ends among them."""


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """A gateway that counts."""
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, file=FILE, RATELIMIT_ENABLED="1")
    lend_keys(made)
    yield made
    made.close()


@HERE
def test_who_guessed_too_often_learns_nothing_by_going_on(gateway: InMemoryGateway, wiki: BackEnd) -> None:
    guess = BackEnd(gateway, secret="wrong-secret-1234567")
    answers = (guess.refresh("x").status_code for _ in range(SURELY))
    assert 429 in answers
    for path in ("/oidc/token", "/oidc/introspect", "/oidc/revoke"):
        assert wiki.post(path, {"token": "x", "grant_type": "refresh_token"}).status_code == 429


@HERE
def test_one_person_fills_no_tables_with_codes_that_nobody_uses(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd, clock: FrozenClock
) -> None:
    token = wiki.tokens(person.code())["access_token"]
    assert 429 in (person.authorize().status_code for _ in range(SURELY))
    clock.advance(minutes=63)
    tidy(gateway.services)
    with gateway.services.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(issuer_grants)).scalar() == 1
    assert wiki.user_info(token).status_code == 200
