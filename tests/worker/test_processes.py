"""Several processes over one database: each event once, through the death of a worker and a rolling restart."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.builders import envelope, signed_callback
from tests.live import ROOT, LiveGateway
from tests.worker.stage import Worker, gateway_environment, is_alive, keys, notes, send, wait_for

COPIES = 3
EVENTS = 80
HANDLER = """
from app.handlers import Router
router = Router()
@router.on("callback", "ask", inline=True, name="ask")
def ask(event, context):
    return "{answer}"
"""


class Load:
    """Threads that send signed callbacks until told to stop, and remember every answer."""

    def __init__(self, gateway: LiveGateway, senders: int):
        self._url = f"{gateway.url}/webhooks/callback"
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send_on, args=(each,)) for each in range(senders)]
        self.answers: Counter[str] = Counter()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send_on(self, sender: int) -> None:
        """Send over a kept connection and, every other time, over a new one."""
        with requests.Session() as session:
            number = 0
            while not self._stopping.is_set():
                number += 1
                request = signed_callback(envelope(f"evt_{sender}_{number}", "job", data={"seconds": 0}))
                post = session.post if number % 2 else requests.post
                try:
                    answer = post(self._url, data=request.body, headers=dict(request.headers), timeout=10)
                    self.answers[str(answer.status_code)] += 1
                except requests.RequestException as error:
                    self.answers[repr(error)[:200]] += 1


@pytest.mark.backends("postgresql", "mariadb")
def test_four_serving_processes_and_three_workers_run_each_event_once(
    tmp_path: Path, database_url: str
) -> None:
    env = gateway_environment(tmp_path, LOG_LEVEL="WARNING")
    with (
        LiveGateway(tmp_path, database_url=database_url, env=env, workers=4) as gateway,
        Worker(gateway) as one,
        Worker(gateway) as two,
        Worker(gateway) as killed,
    ):
        for worker in (one, two, killed):
            worker.wait_until_ready()
        sent = [f"evt_{number % EVENTS}" for number in range(EVENTS * COPIES)]
        answers = Counter(send(gateway, key, seconds=0.02).json()["status"] for key in sent[: EVENTS * 2])
        os.kill(killed.process.pid, signal.SIGKILL)
        answers.update(send(gateway, key, seconds=0.02).json()["status"] for key in sent[EVENTS * 2 :])
        wait_for(lambda: len(set(keys(gateway))) == EVENTS, 45)
        processes = {line["pid"] for line in notes(gateway)}
    assert answers == {"accepted": EVENTS, "already_processed": EVENTS * (COPIES - 1)}
    assert len(keys(gateway)) == EVENTS
    assert len(processes) > 1


@pytest.mark.backends("postgresql")
def test_a_reload_brings_new_code(tmp_path: Path, database_url: str) -> None:
    mine = tmp_path / "site_handlers.py"
    mine.write_text(HANDLER.format(answer="old"), encoding="utf-8")
    env = {"HANDLERS": "site_handlers", "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    with LiveGateway(tmp_path, database_url=database_url, env=env) as gateway:
        before = gateway.children()
        assert send(gateway, "evt_1", "ask").json()["data"] == "old"
        mine.write_text(HANDLER.format(answer="new"), encoding="utf-8")
        os.kill(gateway.pid, signal.SIGHUP)
        wait_for(lambda: not is_alive(before[0]))
        assert send(gateway, "evt_2", "ask").json()["data"] == "new"
        mine.write_text("this is no code", encoding="utf-8")
        os.kill(gateway.pid, signal.SIGHUP)
        wait_for(lambda: "reload_refused" in gateway.log())
        assert send(gateway, "evt_3", "ask").json()["data"] == "new"
        workers = gateway.children()
        gateway.kill()
        wait_for(lambda: not any(is_alive(pid) for pid in workers), 10)


@pytest.mark.backends("postgresql")
def test_a_rolling_restart_under_load_fails_no_request(tmp_path: Path, database_url: str) -> None:
    env = gateway_environment(tmp_path, LOG_LEVEL="WARNING")
    with LiveGateway(tmp_path, database_url=database_url, env=env, workers=2) as gateway:
        wait_for(lambda: len(gateway.children()) == 2)
        before = set(gateway.children())
        with Load(gateway, senders=6) as load:
            time.sleep(1)
            os.kill(gateway.pid, signal.SIGHUP)
            wait_for(lambda: not before & set(gateway.children()), 25)
            time.sleep(1)
        answered = sum(load.answers.values())
        assert load.answers == {"200": answered}
        wait_for(lambda: len(set(keys(gateway))) == answered)
    assert len(keys(gateway)) == answered
