"""Tokens that a provider wants to be asked about: at their use, once an hour, by one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamUnavailable
from app.core.ports import HttpClient
from app.core.values import TokenSet
from app.storage.database.db import Database
from tests.databases import POOL_SIZE
from tests.login.in_memory import CodeBrowser, InMemoryGateway
from tests.tokens.test_refresh import use

HOUR = 3600


class Asked(list[str]):
    """The tokens that were asked about; `answer` may raise."""

    answer: Callable[[], None] = staticmethod(lambda: None)

    def validate(self, tokens: TokenSet, http: HttpClient) -> None:
        self.append(tokens.access_token)
        self.answer()


@pytest.fixture
def asked(gateway: InMemoryGateway) -> Asked:
    """A provider that wants to be asked every hour, and a person who is logged in for two."""
    found = Asked()
    for name, value in (("validate_every", HOUR), ("validate", found.validate)):
        setattr(gateway.fake, name, value)
    browser: CodeBrowser = gateway.browser()
    browser.log_in()
    return found


def ended() -> None:
    raise TokenRejected


def busy() -> None:
    raise UpstreamUnavailable("busy")


def test_a_token_is_asked_about_at_its_first_use_and_after_an_hour(gateway: InMemoryGateway, asked: Asked):
    use(gateway.services)
    gateway.clock.advance(seconds=HOUR - 1)
    use(gateway.services)
    assert asked == ["access-c1"]
    gateway.clock.advance(seconds=1)
    use(gateway.services)
    assert asked == ["access-c1"] * 2


def test_many_processes_ask_once(gateway: InMemoryGateway, asked: Asked):
    url = gateway.services.database.engine.url.render_as_string(hide_password=False)
    second = replace(gateway.services, database=Database(url, pool_size=POOL_SIZE))
    together = threading.Barrier(8)

    def run(number: int) -> str:
        together.wait(10)
        return use((gateway.services, second)[number % 2])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(run, range(8))) == ["access-c1"] * 8
    second.database.close()
    assert asked == ["access-c1"]


def test_a_token_that_ended_is_replaced_before_it_is_used(gateway: InMemoryGateway, asked: Asked):
    asked.answer = ended
    assert use(gateway.services) == "access-r1"


def test_a_token_that_ended_stays_due_while_it_cannot_be_replaced(gateway: InMemoryGateway, asked: Asked):
    asked.answer = ended
    gateway.fake.on_refresh = lambda _: busy()
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            use(gateway.services)
    assert asked == ["access-c1"] * 2


def test_a_person_who_took_the_permission_back_must_log_in_again(gateway: InMemoryGateway, asked: Asked):
    def gone(_: TokenSet) -> None:
        raise GrantRejected

    asked.answer, gateway.fake.on_refresh = ended, gone
    for _ in range(2):
        with pytest.raises(GrantRejected):
            use(gateway.services)
    assert asked == ["access-c1"]


def test_a_provider_that_cannot_say_is_left_alone_for_five_minutes(gateway: InMemoryGateway, asked: Asked):
    asked.answer = busy
    assert use(gateway.services) == "access-c1"
    gateway.clock.advance(seconds=299)
    use(gateway.services)
    assert asked == ["access-c1"]
    gateway.clock.advance(seconds=1)
    use(gateway.services)
    assert asked == ["access-c1"] * 2
