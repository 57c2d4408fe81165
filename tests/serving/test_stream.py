"""The stream under the real server: told at once, held by no thread, ended with its token and with its process."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from app.web.callbacks.loop_front import PAGE_THREADS
from app.worker.lifetime import FINISH_SECONDS
from sandbox.platforms.callback.signer import body_headers
from tests.builders import CALLBACK_SECRET, envelope
from tests.live import LiveGateway

TOKEN = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    env = {"RATELIMIT_ENABLED": "0", "SANDBOX": "0", "LOG_LEVEL": "WARNING"}
    with LiveGateway(tmp_path_factory.mktemp("stream"), env=env) as serving:
        yield serving


@contextmanager
def stream(gateway: LiveGateway, **headers: str) -> Iterator[Iterator[tuple[str, dict[str, object]]]]:
    """Listen, and give what is told as topic and content."""
    with requests.get(
        f"{gateway.url}/api/v1/stream", headers=TOKEN | headers, stream=True, timeout=(5, 30)
    ) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["X-Accel-Buffering"] == "no"
        yield told(answer.iter_lines(chunk_size=1, decode_unicode=True))


def told(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, object]]]:
    topic = ""
    for line in lines:
        if line.startswith("retry:"):
            yield "retry", {}
        elif line.startswith("event:"):
            topic = line[7:]
        elif line.startswith("data:"):
            yield topic, json.loads(line[6:])


def deliver(gateway: LiveGateway, key: str) -> None:
    raw = json.dumps(envelope(key)).encode()
    headers = {"Content-Type": "application/json", **body_headers(CALLBACK_SECRET, raw)}
    answer = requests.post(f"{gateway.url}/webhooks/callback", data=raw, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


def test_an_event_is_told_to_more_listeners_than_there_are_threads(gateway: LiveGateway) -> None:
    with ExitStack() as held:
        listeners = [held.enter_context(stream(gateway)) for _ in range(PAGE_THREADS + 4)]
        for each in listeners:
            assert next(each) == ("retry", {})
        # The first look takes what is there for told, so events come until one of them is told.
        for number in range(50):
            deliver(gateway, f"evt_told_{number}")
            time.sleep(0.05)
        for each in listeners:
            _, said = next(item for item in each if item[0] == "events")
            assert said["items"][0]["channel"] == "callback"  # type: ignore[index]
        assert requests.get(f"{gateway.url}/healthz", timeout=5).status_code == 200


def test_who_comes_back_after_too_long_is_told_to_begin_anew(gateway: LiveGateway) -> None:
    with stream(gateway, **{"Last-Event-ID": "1"}) as each:
        assert next(each) == ("retry", {})
        assert next(each) == ("reset", {})


def test_a_stream_wants_a_token_and_topics_that_there_are(gateway: LiveGateway) -> None:
    assert requests.get(f"{gateway.url}/api/v1/stream", timeout=5).status_code == 401
    answer = requests.get(f"{gateway.url}/api/v1/stream?topics=weather", headers=TOKEN, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_topic")
    assert requests.head(f"{gateway.url}/api/v1/stream", headers=TOKEN, timeout=5).status_code == 200


def test_a_stream_ends_in_good_order_when_its_process_is_replaced(gateway: LiveGateway) -> None:
    with stream(gateway) as each:
        assert next(each) == ("retry", {})
        os.kill(gateway.pid, signal.SIGHUP)
        # An answer that is cut off raises here.
        assert "reset" not in [topic for topic, _ in each]
    with stream(gateway) as each:
        assert next(each) == ("retry", {})


def test_a_listener_keeps_no_process_from_stopping(tmp_path: Path) -> None:
    env = {"RATELIMIT_ENABLED": "0", "SANDBOX": "0", "LOG_LEVEL": "WARNING"}
    with LiveGateway(tmp_path, env=env) as serving, stream(serving) as each:
        assert next(each) == ("retry", {})
        started = time.monotonic()
        serving.stop()
        assert time.monotonic() - started < FINISH_SECONDS - 2
