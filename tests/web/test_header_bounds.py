"""Headers are bounded in number and size before anything reads them, on every address."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from app.core.errors import RefusedError
from app.factory import create_app
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from app.web.callbacks.header_bounds import MOST_BYTES, MOST_HEADERS, check_headers
from tests.live import LiveGateway
from tests.web.conftest import Api

ADDRESSES = (
    "/webhooks/callback",
    "/webhooks/nobody",
    "/api/v1/events",
    "/oauth/feishu/start",
    "/healthz",
    "/nowhere",
)


def many(count: int) -> list[tuple[str, str]]:
    return [(f"X-{number}", "1") for number in range(count)]


def test_what_is_within_the_bounds_is_taken() -> None:
    check_headers(many(MOST_HEADERS))
    check_headers([("X-A", "v" * (MOST_BYTES - 3))])


@pytest.mark.parametrize("pairs", [many(MOST_HEADERS + 1), [("X-A", "v" * (MOST_BYTES - 2))]])
def test_what_is_beyond_them_is_refused_with_the_numbers(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError, match=f"{MOST_HEADERS} headers and {MOST_BYTES} bytes") as caught:
        check_headers(pairs)
    assert (caught.value.code, caught.value.http_status) == ("headers_too_large", 431)


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_refuses_large_headers_and_keeps_nothing(services: Services, address: str) -> None:
    client: Any = create_app(services=services).test_client()
    answer = client.post(address, headers={"X-A": "eyJ-" * 10_000, "Accept": "text/html"}, data=b"{}")
    assert (answer.status_code, answer.json["error"]) == (431, "headers_too_large")
    assert answer.json["trace_id"] == answer.headers["X-Trace-Id"]
    assert list_rejections_page(services, None, cursor=None, limit=10)["items"] == []


def test_a_live_gateway_answers_large_headers_at_once_and_readably(live: LiveGateway, api: Api) -> None:
    head = b"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
    before = time.monotonic()
    with socket.create_connection(("127.0.0.1", live.port), timeout=20) as caller:
        caller.sendall(head + b"X-A: " + b"eyJ-" * 10_000 + b"\r\n\r\n{}")
        answer = b"".join(iter(lambda: caller.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"error":"headers_too_large"' in answer
    assert time.monotonic() - before < 15
    assert api.get("/api/v1/channels")
