"""Relayed calls under the server's own front: bodies that are large, slow or in pieces hold up nobody, and strangers' are not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from app.factory import create_app
from app.pipeline.services import Services
from app.web.callbacks import bodies, loop_front, relay_places, spooled_bodies
from app.web.callbacks.loop_front import LoopFront
from app.web.callbacks.relay_places import RelayPlaces
from tests.relay.gateway import SHOP
from tests.relay.platform import Platform, reply
from tests.relay.test_attacks import CALL, channels
from tests.web.loop_stage import Scope, Server, ask, run

pytestmark = pytest.mark.backends("sqlite")
MINE = [("Authorization", f"Bearer {SHOP}")]


@pytest.fixture
def platform() -> Iterator[Platform]:
    """Return a platform that says yes to everything."""
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def front(services_with: Callable[..., Services], platform: Platform) -> LoopFront:
    """Return the front of a gateway before that platform."""
    services = services_with(channels=channels(platform))
    return LoopFront(create_app(services=services), services)


def test_a_body_in_pieces_goes_on_whole(front: LoopFront, platform: Platform) -> None:
    pieces = [bytes([65 + number % 26]) * 60_000 for number in range(20)]
    answer = ask(front, "POST", CALL, *pieces, headers=MINE, chunked=True)
    assert answer.status == 200
    assert platform.seen[0].partition(b"\r\n\r\n")[2] == b"".join(pieces)
    assert b"content-length: 1200000" in platform.seen[0].lower()
    assert b"transfer-encoding" not in platform.seen[0].lower()


def test_a_token_route_takes_its_secret_in_chunks(front: LoopFront) -> None:
    body = f'{{"grant_type":"client_credential","appid":"x","secret":"{SHOP}"}}'.encode()
    path = "/relay/wechat/cgi-bin/stable_token"
    answer = ask(front, "POST", path, body[:20], body[20:], chunked=True)
    assert (answer.status, answer.json()["access_token"][:4]) == (200, "cgr_")


def test_a_host_of_its_own_is_a_channels_relay_and_nothing_else(
    services_with: Callable[..., Services], platform: Platform
) -> None:
    text = channels(platform).replace(
        "[channels.wechat]", '[channels.wechat]\nrelay_host = "WX.gw.test:8443"'
    )
    services = services_with(channels=text)

    def asked(host: str, path: str) -> int:
        front = LoopFront(create_app(services=services), services)
        return ask(front, "GET", path, headers=[*MINE, ("Host", host)]).status

    assert asked("wx.gw.test:8443", "/cgi-bin/user/get") == 200
    assert asked("wx.gw.test:8443", "/healthz") == 403, "no path of this token"
    assert asked("wx.gw.test", "/cgi-bin/user/get") == 404
    assert asked("other.gw.test:8443", "/healthz") == 200
    assert platform.seen[0].startswith(b"GET /cgi-bin/user/get?access_token=")


def test_a_strangers_body_is_not_read_before_the_answer(front: LoopFront, platform: Platform) -> None:
    answer = ask(front, "POST", CALL, *[b"x" * 65_536] * 8, headers=[("Authorization", "Bearer wrong")])
    assert (answer.status, answer.json()["error"]) == (401, "unauthorized")
    assert (answer.read_before_answer, answer.headers["connection"]) == (0, "close")
    assert platform.seen == []


def test_a_slow_or_too_large_body_is_refused(
    front: LoopFront, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_front, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0.05)
    drips: list[bytes | float] = [b"x" * 20_000, 0.02] * 20
    slow = ask(front, "POST", CALL, *drips, headers=MINE)
    assert (slow.status, slow.json()["error"]) == (408, "body_too_slow")
    assert platform.seen == []


def test_a_body_over_20_megabytes_is_413_by_its_length_alone(front: LoopFront, platform: Platform) -> None:
    headers = [*MINE, ("Content-Length", str(spooled_bodies.MOST_BYTES + 1))]
    answer = ask(front, "POST", CALL, b"x" * 1000, headers=headers)
    assert (answer.status, answer.read_before_answer) == (413, 0)
    again = LoopFront(create_app(services=front._services), front._services)
    broken = ask(
        again, "POST", CALL, b"x" * 40_000, headers=MINE, chunked=True, server=Server(is_broken=True)
    )
    assert (broken.status, broken.json()["error"]) == (400, "truncated_body")
    assert platform.seen == []


def test_a_long_answer_goes_on_in_pieces(front: LoopFront, platform: Platform) -> None:
    platform.answer = lambda _: reply(b"z" * 3_000_000, kind="video/mp4")
    answer = ask(front, "GET", CALL, headers=MINE)
    assert (answer.status, sum(map(len, answer.sent)), len(answer.sent) > 10) == (200, 3_000_000, True)
    assert answer.headers["content-length"] == "3000000"


def test_a_name_in_an_answers_header_arrives_as_the_platform_wrote_it(
    front: LoopFront, platform: Platform
) -> None:
    named = 'Content-Disposition: attachment; filename="名字.jpg"'.encode()
    platform.answer = lambda _: reply(b"ok").replace(b"\r\n", b"\r\n" + named + b"\r\n", 1)
    answer = ask(front, "GET", CALL, headers=MINE)
    assert answer.headers["content-disposition"] == 'attachment; filename="名字.jpg"'


def test_a_platform_that_hangs_takes_its_own_channels_places_alone(
    front: LoopFront, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_places, "WAIT_SECONDS", 0.05)
    places = RelayPlaces(["wechat", "wecom"])
    monkeypatch.setattr(front, "_places", places)

    async def hung() -> list[tuple[int, str]]:
        async with AsyncExitStack() as held:
            for _ in range(relay_places.MOST_OF_ONE):
                await held.enter_async_context(places.of("wechat"))
            return [await status_of(path) for path in (CALL, CALL.replace("wechat", "wecom"))]

    async def status_of(path: str) -> tuple[int, str]:
        answer = Server()
        await front.__rsgi__(Scope("GET", path, MINE), answer)
        return answer.status, answer.json().get("error", "")

    assert run(front, hung) == [(503, "too_busy"), (200, "")]
    assert len(platform.seen) == 1, "and a place that was waited for in vain is taken from nobody"
