"""Claims hooks that hang cost nobody else a thread."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

import pytest

from app.pipeline.issuer import claims
from tests.issuer.clients import Person, shop_of
from tests.login.in_memory import InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")


def test_hooks_that_hang_leave_handlers_their_threads_and_further_ones_are_slow_soon(
    gateway: InMemoryGateway, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = Event()

    @gateway.services.router.claims("balance")
    def hanging(who: dict[str, Any]) -> dict[str, Any]:
        over.wait(30)
        return {"balance": "1"}

    shop = shop_of(gateway)
    token = shop.tokens(person.code("shop", scope="openid profile offline_access"))["access_token"]
    monkeypatch.setattr(claims, "HOOK_SECONDS", 0.01)
    access = shop.tokens(person.code("shop", scope="openid balance"))["access_token"]
    try:
        for _ in range(8):
            shop.user_info(access)
        monkeypatch.setattr(claims, "HOOK_SECONDS", 8.0)
        began = time.monotonic()
        assert "balance" not in shop.user_info(access).json
        assert time.monotonic() - began < 5
        assert gateway.services.inline_pool.submit(int, "7").result(timeout=5) == 7
    finally:
        over.set()
    assert shop.user_info(token).status_code == 200
