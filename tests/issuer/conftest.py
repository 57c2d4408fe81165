"""Fixtures of the issuer tests: a gateway with three clients, somebody with a browser, a back end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.security.issuer_tokens import ALGORITHMS, new_issuer_key
from app.storage.database.db import Database
from app.storage.issuer.keys import IssuerKey, insert_issuer_key, issuer_key_place
from tests.builders import FrozenClock
from tests.issuer.clients import FILE, BackEnd, Person
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """A gateway on https with the logins `fake` and `other` and the clients `wiki`, `shop` and `app`."""
    platforms = {"fake": FakePlatform("fake:1"), "other": FakePlatform("fake:2")}
    made = open_gateway(database, clock, platforms, file=FILE)
    lend_keys(made)
    yield made
    made.close()


KEYS = {alg: new_issuer_key(alg) for alg in ALGORITHMS}
"""Made once for each process of tests: an RSA key takes longer than all of a login."""


def lend_keys(gateway: InMemoryGateway) -> None:
    """Let a gateway sign with these keys, sealed as its own would be."""
    services = gateway.services
    with services.database.begin() as tx:
        for alg, pair in KEYS.items():
            sealed = services.vault.seal(pair.private, place=issuer_key_place(pair.kid))
            insert_issuer_key(tx, IssuerKey(pair.kid, alg, sealed, pair.public_jwk, services.clock.now()))


@pytest.fixture
def person(gateway: InMemoryGateway) -> Person:
    """Somebody who is logged in at the gateway."""
    made = Person(gateway)
    made.log_in()
    return made


@pytest.fixture
def stranger(gateway: InMemoryGateway) -> Person:
    """Somebody who is not."""
    return Person(gateway)


@pytest.fixture
def wiki(gateway: InMemoryGateway) -> BackEnd:
    """The back end of the wiki."""
    return BackEnd(gateway)
