"""Where a login comes back to, and gateways that share a host."""

from __future__ import annotations

import pytest

from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.login.browser import cookies_set
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway

pytestmark = pytest.mark.backends("sqlite")


@pytest.mark.parametrize(
    ("given", "lands"),
    [
        ("/%E6%8A%A5%E8%A1%A8", "/%E6%8A%A5%E8%A1%A8"),
        ("/@alice", "/@alice"),
        ("/users/x@y.z", "/users/x@y.z"),
    ],
)
def test_a_login_comes_back_to_a_path_with_any_letters(gateway: InMemoryGateway, given: str, lands: str):
    browser = gateway.browser()
    answer = browser.finish(browser.start(query=f"next={given}"))
    assert answer.headers["Location"] == lands


def test_two_gateways_on_one_host_do_not_log_each_other_out(database: Database, clock: FrozenClock):
    addresses = ("http://localhost:5003", "http://localhost:5013")
    first, second = (
        open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, PUBLIC_BASE_URL=each)
        for each in addresses
    )
    names = []
    for gateway, address in zip((first, second), addresses, strict=True):
        browser = gateway.browser()
        started = browser.start(base_url=address)
        names.append(
            cookies_set(started.answer).keys() | cookies_set(browser.finish(started, base_url=address)).keys()
        )
        gateway.close()
    assert len(names[0]) == len(names[1]) == 2
    assert not names[0] & names[1]
