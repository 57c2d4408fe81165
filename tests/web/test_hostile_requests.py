"""Whatever the bytes: one of the contract's errors with a stable word and a sentence, never a 500, nothing stored."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest
import requests

from sandbox.platforms.callback.signer import body_headers
from tests.builders import CALLBACK_SECRET, envelope
from tests.drills.slow_sockets import http2_without_bodies
from tests.live import LiveGateway
from tests.web.conftest import Api

ADDRESSES = (
    "/webhooks/callback",
    "/webhooks/webhooks",
    "/webhooks/feishu",
    "/webhooks/wechat",
    "/wechat/wechat",
)
BODIES = {
    "empty": b"",
    "blank": b" \r\n",
    "truncated JSON": b'{"event_id": "evt',
    "a list": b"[]",
    "a number": b"1e999",
    "not UTF-8": b"\xff\xfe\x00{}",
    "NUL bytes": b"\x00" * 64,
    "nested lists": b"[" * 50_000,
    "nested objects": b'{"a":' * 5_000,
    "wrong types": b'{"event_id": {}, "event_type": [], "encrypt": 7, "Encrypt": null}',
    "an entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
    "a billion laughs": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
    "an outside entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
    "broken XML": b"<xml><Encrypt>",
    "deep XML": b"<a>" * 20_000,
    "a form": b"encrypt=1&Encrypt=2",
}


def assert_refused(answer: requests.Response) -> None:
    """A stable word, a sentence, a trace id, and no trace of our insides."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    content = answer.json()
    assert set(content) == {"error", "message", "trace_id"}
    assert re.fullmatch(r"[a-z][a-z0-9_]+", content["error"])
    assert content["message"].endswith(".")
    assert re.fullmatch(r"[0-9a-f]{32}", content["trace_id"])
    assert "Traceback" not in answer.text


def signed(body: bytes) -> dict[str, str]:
    return body_headers(CALLBACK_SECRET, body)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", BODIES)
def test_an_odd_body_is_refused_and_nothing_is_stored(
    live: LiveGateway, api: Api, address: str, name: str
) -> None:
    before = api.count_events()
    assert_refused(requests.post(f"{live.url}{address}", data=BODIES[name], timeout=10))
    assert api.count_events() == before


@pytest.mark.parametrize("name", [name for name in BODIES if name != "empty"])
def test_an_odd_body_with_the_right_signature_is_refused_as_well(live: LiveGateway, name: str) -> None:
    body = BODIES[name]
    answer = requests.post(f"{live.url}/webhooks/callback", data=body, headers=signed(body), timeout=10)
    assert_refused(answer)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "value", [b"sha256=\xe4\xb8\xad", b"\xff" * 64, b"0" * 100_000, b"", b"sha256=", b"g" * 64]
)
def test_an_odd_signature_is_refused(live: LiveGateway, value: bytes) -> None:
    headers: dict[str, bytes] = {"X-Signature": value}
    answer = requests.post(
        f"{live.url}/webhooks/callback", data=json.dumps(envelope()), headers=headers, timeout=10
    )
    assert answer.status_code in (400, 401, 431)


def raw_exchange(live: LiveGateway, request: bytes, *, half_closed: bool = False) -> bytes:
    """Send bytes as they are and return the whole answer."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as connection:
        connection.sendall(request)
        if half_closed:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def test_a_repeated_signature_header_is_refused(live: LiveGateway, api: Api) -> None:
    body = json.dumps(envelope("evt_twice")).encode()
    good = signed(body)["X-Signature"].encode()
    head = b"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += b"X-Signature: " + b"0" * 64 + b"\r\nX-Signature: " + good + b"\r\n"
    before = api.count_events()
    answer = raw_exchange(live, head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert api.count_events() == before


@pytest.mark.parametrize("megabytes", [4, 8])
def test_a_sender_that_writes_everything_first_can_read_its_413(live: LiveGateway, megabytes: int) -> None:
    """Closed at once, the connection would be reset while it still writes, and the answer lost."""
    size = megabytes * 1_048_576
    head = f"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
    answer = raw_exchange(live, head + b"x" * size)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"error":"body_too_large"' in answer


@pytest.mark.parametrize("rest", [b"", b"2\r\n{", b"zz\r\n"], ids=["no end", "half a chunk", "no number"])
def test_a_chunked_body_without_its_end_is_refused(live: LiveGateway, api: Api, rest: bytes) -> None:
    body = json.dumps(envelope("evt_without_end")).encode()
    head = (
        b"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    )
    head += f"X-Signature: {signed(body)['X-Signature']}\r\n\r\n{len(body):x}\r\n".encode()
    before = api.count_events()
    answer = raw_exchange(live, head + body + b"\r\n" + rest, half_closed=True)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"error":"truncated_body"' in answer
    assert api.count_events() == before


def test_a_body_shorter_than_declared_stores_nothing(live: LiveGateway, api: Api) -> None:
    before = api.count_events()
    raw_exchange(
        live,
        b"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{}",
        half_closed=True,
    )
    assert api.count_events() == before


def test_a_body_of_ten_megabytes_is_413(live: LiveGateway, api: Api) -> None:
    answer = requests.post(f"{live.url}/webhooks/callback", data=b"x" * 10_485_760, timeout=20)
    assert_refused(answer)
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
    assert api.newest_rejection()["error"] == "body_too_large"


def test_http2_with_prior_knowledge_is_turned_away(live: LiveGateway) -> None:
    answer = raw_exchange(live, http2_without_bodies("/webhooks/callback", 64))
    assert answer.startswith(b"HTTP/1.1 400") or not answer


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_chunked_body_over_the_limit_is_413_and_never_cut(live: LiveGateway, api: Api) -> None:
    body = json.dumps(envelope("evt_cut", data={"pad": "x" * 1_200_000})).encode()
    cut = body[:1_048_576]
    before = api.count_events()
    answer = requests.post(
        f"{live.url}/webhooks/callback", data=chunks(body, 60_000), headers=signed(cut), timeout=20
    )
    assert_refused(answer)
    assert answer.status_code == 413
    assert api.count_events() == before


def test_a_chunked_body_within_the_limit_is_accepted(live: LiveGateway) -> None:
    body = json.dumps(envelope("evt_chunked", data={"pad": "x" * 300_000})).encode()
    answer = requests.post(
        f"{live.url}/webhooks/callback", data=chunks(body, 7_777), headers=signed(body), timeout=20
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "success")


def test_a_body_of_exactly_the_limit_is_read_whole(live: LiveGateway) -> None:
    frame = json.dumps(envelope("evt_full", data={"pad": ""})).encode()
    body = frame.replace(b'"pad": ""', b'"pad": "' + b"x" * (1_048_576 - len(frame)) + b'"')
    assert len(body) == 1_048_576
    answer = requests.post(f"{live.url}/webhooks/callback", data=body, headers=signed(body), timeout=20)
    assert answer.status_code == 200
    longer = body + b" "
    answer = requests.post(f"{live.url}/webhooks/callback", data=longer, headers=signed(longer), timeout=20)
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_405(live: LiveGateway, method: str) -> None:
    answer = requests.request(method, f"{live.url}/webhooks/callback", timeout=10)
    assert_refused(answer)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/nobody",
        "/wechat/nobody",
        "/webhooks/",
        "/webhooks/..%2f..",
        "/nothing",
        "/webhooks/%00",
        "/%ff",
    ],
)
def test_an_unknown_address_is_404(live: LiveGateway, path: str) -> None:
    answer = requests.post(f"{live.url}{path}", data=b"{}", timeout=10)
    assert_refused(answer)
    assert answer.status_code == 404


@pytest.mark.parametrize("version", ["v0", "v3", "V1", "", "v1,v2", "1", "v" * 500])
def test_an_unknown_version_is_named(live: LiveGateway, version: str) -> None:
    body = json.dumps(envelope()).encode()
    headers = signed(body) | {"X-API-Version": version}
    answer = requests.post(f"{live.url}/api/platform/callback", data=body, headers=headers, timeout=10)
    assert_refused(answer)
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_version")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=201", "cursor=%00", "since=soon", "state=done"]
)
def test_a_bad_list_parameter_is_named(live: LiveGateway, query: str) -> None:
    headers = {"Authorization": "Bearer ops-token-4d1f8a2b"}
    answer = requests.get(f"{live.url}/api/v1/events?{query}", headers=headers, timeout=10)
    assert_refused(answer)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer  x", "Basic b3Bz", "bearer ops-token-4d1f8a2b "]
)
@pytest.mark.parametrize(
    "path", ["/api/v1/events", "/api/v1/rejections", "/api/v1/channels", "/api/v1/events/x"]
)
def test_the_management_api_needs_a_token(live: LiveGateway, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.get(f"{live.url}{path}", headers=headers, timeout=10)
    assert_refused(answer)
    assert answer.status_code == 401
