"""Callers that try more than they may, and platforms that answer in odd ways: the real token stays here, and so does everybody else's."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from app.core.relay import TokenPlace
from app.pipeline.api_tokens import NewToken, create_api_token, end_api_token
from app.pipeline.channels import Channels
from app.pipeline.relay import answers
from app.pipeline.services import Services
from app.platforms.wechat import WechatConnector
from app.security import relay_client
from app.web.callbacks import spooled_bodies
from tests.builders import exchange
from tests.relay.gateway import OTHER, SHOP, TOKENS, Sibling, bearer
from tests.relay.platform import Platform, reply

pytestmark = pytest.mark.backends("sqlite")
FORM = "/relay/wechat/cgi-bin/token?appid=x&secret="
CALL = "/relay/wechat/cgi-bin/user/get"


def channels(platform: Platform) -> str:
    """Return two channels of WeChat's kind, and the tokens."""
    tables = [
        f'[channels.{name}]\nplatform = "wechat"\napp_id = "wx{number}"\napp_secret = "app-secret-{number}"\n'
        f'allow_unsigned = true\napi_base = "{platform.origin}"\n'
        for number, name in enumerate(("wechat", "wecom"))
    ]
    return "\n".join(tables) + TOKENS


@pytest.fixture
def platform() -> Iterator[Platform]:
    """Return a platform that says yes to everything."""
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def sibling(services_with: Callable[..., Services], platform: Platform) -> Sibling:
    """Return a sibling of a gateway in front of it."""
    return Sibling(services_with(channels=channels(platform)))


def answer_with(whole: bytes, _request: bytes) -> bytes:
    return whole


def token_of(sibling: Sibling, token: str = SHOP, channel: str = "wechat") -> str:
    answer = sibling.ask("GET", f"/relay/{channel}/cgi-bin/token?appid=x&secret={token}")
    assert answer.status_code == 200, answer.text
    return str((answer.json or {})["access_token"])


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]


def test_a_path_has_one_way_to_be_written(sibling: Sibling, platform: Platform) -> None:
    for path in (
        "cgi-bin/../sns/x",
        "cgi-bin/%2e%2e/sns/x",
        "cgi-bin/./user/get",
        "cgi-bin//user/get",
        "cgi-bin/user/get/",
        "cgi-bin/user%2F..%2Fget/..",
        "cgi-bin/user%252fget",
        "cgi-bin/user\\get",
        "cgi-bin/..;/get",
        "cgi-bin/user;x=1/get",
        "cgi-bin/us\u00e9r",
        "http://evil.example/x",
        "@evil.example/x:80/",
        "cgi-bin/a b",
        "cgi-bin/" + "/".join("x" * 40),
        "cgi-bin/" + "x" * 300,
    ):
        answer = sibling.ask("GET", f"/relay/wechat/{path}", SHOP)
        assert error_of(answer) == (400, "bad_path"), path
    assert sibling.ask("GET", "/relay/wechat//cgi-bin/user/get", SHOP).status_code == 404
    assert platform.seen == []


def test_a_query_has_one_token_and_none_that_proves_the_call(sibling: Sibling, platform: Platform) -> None:
    token = token_of(sibling)
    for query in (
        f"access_token={token}&access_token={token}",
        f"access_token={token}&access%5Ftoken=x",
        f"access_token={token}&ACCESS_TOKEN=x",
        f"access_token={token}&copy={token}",
        "a=" + "x" * 9000,
    ):
        assert error_of(sibling.ask("GET", f"{CALL}?{query}")) == (400, "bad_query"), query
    assert error_of(sibling.ask("GET", f"{CALL}?secret={SHOP}", SHOP)) == (400, "bad_query")
    assert platform.seen == []


def test_no_token_opens_what_another_one_opens(sibling: Sibling, platform: Platform) -> None:
    of_other_channel = token_of(sibling, OTHER, "wecom")
    for token in (of_other_channel, "cgr_nonsense", "real-token/1+=real", SHOP):
        for headers in ({}, bearer(token)):
            answer = sibling.ask("GET", f"{CALL}?access_token={token.replace('+', '%2B')}", headers=headers)
            if token == SHOP and headers:
                continue
            assert error_of(answer) == (401, "unauthorized"), token
    assert error_of(sibling.ask("GET", f"/relay/wecom/cgi-bin/x?access_token={of_other_channel}")) == (
        403,
        "path_not_allowed",
    )
    assert b"SHOP" not in b"".join(platform.seen)


def test_a_relay_token_ends_with_its_api_token(sibling: Sibling, platform: Platform) -> None:
    services = sibling.services
    stored, text = create_api_token(
        services, NewToken("crm", ["relay"], paths=["/cgi-bin/*"]), actor="terminal"
    )
    of_database, of_file = token_of(sibling, text), token_of(sibling)
    for token in (of_database, of_file):
        assert sibling.ask("GET", f"{CALL}?access_token={token}").status_code == 200
    end_api_token(services, stored.prefix, actor="terminal")
    changed = tuple(token.model_copy(update={"token": token.token + "-new"}) for token in services.api_tokens)
    exchange(services, api_tokens=changed)
    for token in (of_database, of_file):
        assert error_of(sibling.ask("GET", f"{CALL}?access_token={token}")) == (401, "unauthorized")
    assert error_of(sibling.ask("GET", CALL, text)) == (401, "unauthorized")
    assert len(platform.seen) == 2


def test_headers_of_the_connection_and_of_credentials_stay_here(sibling: Sibling, platform: Platform) -> None:
    sent = {
        "Connection": "X-Hop, keep-alive",
        "X-Hop": "1",
        "Keep-Alive": "5",
        "TE": "trailers",
        "Upgrade": "h2c",
        "Proxy-Authorization": "Basic x",
        "Cookie": "session=1",
        "X-Api-Key": "mine",
        "X-Forwarded-Host": "evil.example",
        "X-Callgate-Something": "1",
        "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "Tracestate": "vendor=1",
        "Baggage": "user=1",
        "X-B3-TraceId": "1",
        "Host": "evil.example",
        "Accept-Encoding": "gzip",
        "Range": "bytes=5-9",
        "If-Range": '"v1"',
        "X-Request-Id": "r-1",
        "Content-Type": "application/json",
    }
    sibling.ask("POST", CALL, SHOP, headers=sent, data=b'{"a":1}')
    head, _, body = platform.seen[0].partition(b"\r\n\r\n")
    names = {line.partition(b":")[0].decode().lower() for line in head.split(b"\r\n")[1:]}
    assert names == {
        "host",
        "user-agent",
        "accept-encoding",
        "x-request-id",
        "content-type",
        "content-length",
    } | ({"connection"} & names)
    assert f"Host: {platform.origin.removeprefix('http://')}".encode() in head
    assert b"Accept-Encoding: identity" in head
    assert body == b'{"a":1}'
    assert head.startswith(b"POST /cgi-bin/user/get?access_token=real-token%2F1%2B%3Dreal HTTP/1.1")


def test_an_answer_goes_back_as_it_was_but_for_the_connections_headers(
    sibling: Sibling, platform: Platform
) -> None:
    platform.answer = lambda _: reply(
        "名字".encode(),
        "X-Own: 1",
        "X-Own: 2",
        "Set-Cookie: a=1",
        "Keep-Alive: 5",
        "Strict-Transport-Security: max-age=1",
        "Content-Security-Policy: default-src *",
        'NEL: {"report_to":"x","max_age":99999}',
        "Report-To: {}",
        status="418 Teapot",
        kind="text/html",
    )
    answer = sibling.ask("GET", CALL, SHOP)
    assert (answer.status_code, answer.data) == (418, "名字".encode())
    assert answer.headers.getlist("X-Own") == ["1", "2"]
    assert answer.headers["Content-Type"] == "text/html"
    assert "sandbox" in answer.headers["Content-Security-Policy"], "no browser takes it for a page of ours"
    assert not {"Set-Cookie", "Keep-Alive", "Strict-Transport-Security", "NEL", "Report-To"} & set(
        answer.headers.keys()
    )


def test_a_redirect_is_passed_on_and_not_followed(sibling: Sibling, platform: Platform) -> None:
    def redirect(_: bytes) -> bytes:
        place = f"Location: {platform.origin}/elsewhere?access_token={platform.token.replace('/', '%2F').replace('+', '%2B').replace('=', '%3D')}"
        return reply(b"", place, status="302 Found")

    platform.answer = redirect
    token = token_of(sibling)
    answer = sibling.ask("GET", f"{CALL}?access_token={token}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{platform.origin}/elsewhere?access_token={token}"
    assert len(platform.seen) == 1


def test_the_real_token_in_an_answer_becomes_the_relay_token(sibling: Sibling, platform: Platform) -> None:
    token = token_of(sibling)
    shown = platform.token
    escaped = shown.replace("/", "\\/")
    body = f'{{"a":"{shown}","b":"{escaped}"}}'
    plain = reply(body.encode())
    packed = reply(gzip.compress(body.encode()), "Content-Encoding: gzip")
    for whole in (plain, packed):
        platform.answer = partial(answer_with, whole)
        answer = sibling.ask("GET", f"{CALL}?access_token={token}")
        assert answer.json == {"a": token, "b": token}
        assert int(answer.headers["Content-Length"]) == len(answer.data)
    mine = (sibling.ask("GET", CALL, SHOP).json or {})["a"]
    assert mine.startswith("cgr_")
    assert sibling.ask("GET", f"{CALL}?access_token={mine}").status_code == 200


def test_the_real_token_is_found_as_any_usual_writer_writes_it(sibling: Sibling, platform: Platform) -> None:
    sibling.ask("GET", CALL, SHOP)
    writings = (
        "real-token/1+=real",
        "real-token%2f1%2b%3dreal",
        "real-token/1%2B=real",
        "real-token%2F1%2B=real",
        "real-token\\u002f1\\u002b\\u003dreal",
        "real-token\\/1\\u002B=real",
        "real-token/1+\\u003dreal",
    )
    for writing in writings:
        platform.answer = partial(answer_with, reply(f'{{"a":"{writing}"}}'.encode(), f"X-Own: {writing}"))
        answer = sibling.ask("GET", CALL, SHOP)
        assert "real-token" not in answer.text + answer.headers["X-Own"], writing


def test_an_answer_of_two_lengths_is_the_platforms_fault(sibling: Sibling, platform: Platform) -> None:
    platform.answer = lambda _: reply(b"x" * 10, "Content-Length: 5")
    assert error_of(sibling.ask("GET", CALL, SHOP)) == (502, "upstream_bad_answer")


def test_in_a_long_answer_the_real_token_is_blotted_out_and_the_length_stays(
    sibling: Sibling, platform: Platform
) -> None:
    sibling.ask("GET", CALL, SHOP)
    secret = platform.token.encode()
    filling = b"x" * (65_536 - len(secret) // 2)
    body = filling + secret + filling + secret
    for kind in ("application/octet-stream", "application/json"):
        platform.answer = partial(answer_with, reply(body, kind=kind))
        answer = sibling.ask("GET", CALL, SHOP)
        assert answer.data == body.replace(secret, b"*" * len(secret)), kind
        assert int(answer.headers["Content-Length"]) == len(body)


def test_a_head_keeps_the_length_it_tells(sibling: Sibling, platform: Platform) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 4711\r\n\r\n"
    platform.answer = partial(answer_with, head)
    answer = sibling.ask("HEAD", CALL, SHOP)
    assert (answer.headers["Content-Length"], answer.data) == ("4711", b"")


def test_an_answer_that_breaks_off_is_told_and_leaves_nothing_behind(
    sibling: Sibling, platform: Platform
) -> None:
    def break_off(connection: socket.socket, request: bytes) -> None:
        if b"stable_token" in request:
            platform.serve(connection, request)
            return
        connection.sendall(reply(b"{}").replace(b"Length: 2", b"Length: 20"))
        connection.shutdown(socket.SHUT_RDWR)

    platform.script = break_off
    assert error_of(sibling.ask("GET", CALL, SHOP)) == (502, "upstream_unavailable")
    platform.script = platform.serve
    assert sibling.ask("GET", CALL, SHOP).status_code == 200


def test_an_answer_without_end_is_cut_off(
    sibling: Sibling, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LONGEST_ANSWER", 200_000)
    platform.answer = lambda _: reply(b"x" * 400_000, kind="video/mp4")
    assert len(sibling.ask("GET", CALL, SHOP).data) < 400_000
    platform.answer = lambda _: reply(b"ok", kind="video/mp4")
    assert sibling.ask("GET", CALL, SHOP).data == b"ok", "the next call has a connection of its own"


def test_a_platform_that_hangs_holds_nobody_for_long(
    sibling: Sibling, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    sibling.ask("GET", CALL, SHOP)
    monkeypatch.setattr(relay_client, "WHOLE_SECONDS", 0.3)
    held = threading.Event()

    def hang(_: bytes) -> bytes:
        held.wait(3)
        return b""

    platform.answer = hang
    assert error_of(sibling.ask("GET", CALL, SHOP)) == (504, "upstream_unavailable")
    held.set()


def test_a_body_is_sent_again_with_the_fresh_token(sibling: Sibling, platform: Platform) -> None:
    body = b'{"n":"' + b"y" * 700_000 + b'"}'

    def stale_once(_: bytes) -> bytes:
        return reply(b'{"errcode":40001}' if len(platform.seen) == 1 else b'{"errcode":0}')

    platform.answer = stale_once
    answer = sibling.ask("POST", CALL, SHOP, data=body)
    assert answer.json == {"errcode": 0}
    assert [request.partition(b"\r\n\r\n")[2] for request in platform.seen] == [body, body]
    assert b"real-token%2F1%2B" in platform.seen[0]
    assert b"real-token%2F" + str(platform.fetches).encode() in platform.seen[1]
    assert platform.fetches >= 2


class TakesTokensInBodies(WechatConnector):
    """A platform that wants its token inside the body; no real one here does, the port knows it all the same."""

    def token_place(self, path: str) -> TokenPlace:
        return TokenPlace(self.settings.api_base, query="access_token", in_body=True)


def test_a_relay_token_inside_a_body_is_exchanged_for_its_own_caller(
    sibling: Sibling, platform: Platform
) -> None:
    channel = sibling.services.channels.get("wechat")
    assert channel is not None
    own = channel.connector
    assert isinstance(own, WechatConnector)
    connector = TakesTokensInBodies(own.name, own.settings, own.keyring)
    changed = replace(channel, connector=connector, _offers={})
    exchange(sibling.services, channels=Channels([changed]))
    mine = token_of(sibling)
    other = "cgr_" + "A" * 200
    sibling.ask("POST", CALL, SHOP, json={"token": mine, "other": other})
    body = platform.seen[0].partition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"token": platform.token, "other": other}


def test_a_body_over_the_limit_is_413_and_goes_nowhere(
    sibling: Sibling, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled_bodies, "MOST_BYTES", 1000)
    assert error_of(sibling.ask("POST", CALL, SHOP, data=b"x" * 1001)) == (413, "body_too_large")
    assert platform.seen == []


def test_a_platforms_401_says_nothing_about_our_tokens(sibling: Sibling, platform: Platform) -> None:
    platform.answer = lambda _: reply(b'{"code":"no"}', status="401 Unauthorized")
    for _ in range(32):
        assert sibling.ask("GET", CALL, SHOP).status_code == 401
    assert sibling.ask("GET", CALL, "wrong").status_code == 401, "still told, not slowed down"


def test_an_api_tokens_rate_holds(services_with: Callable[..., Services], platform: Platform) -> None:
    text = channels(platform).replace('name = "shop"', 'name = "shop"\nrate = "2 per minute"')
    sibling = Sibling(services_with(channels=text))
    statuses = [sibling.ask("GET", CALL, SHOP).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
