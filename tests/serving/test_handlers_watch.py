"""In development an edited handler takes effect while the gateway runs, and a broken edit does no harm."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from app.serving.handlers_watch import LOOK_SECONDS, HandlersWatch
from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback
from tests.live import LiveGateway

HANDLER = """
from app.handlers import Router
router = Router()
@router.on("callback", "ask", inline=True)
def ask(event, context):
    return "{answer}"
"""


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(gateway: LiveGateway, key: str) -> str:
    request = signed_callback(envelope(key, "ask"))
    answer = requests.post(
        f"{gateway.url}/webhooks/callback", data=request.body, headers=dict(request.headers), timeout=10
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"])


def asks(gateway: LiveGateway) -> Callable[[], str]:
    """Return a question that is a new event each time."""
    numbers = iter(range(1000))
    return lambda: ask(gateway, f"evt_{next(numbers)}")


@pytest.fixture
def changes(tmp_path: Path) -> list[str]:
    return []


def test_a_written_a_new_and_a_deleted_file_are_each_seen_once(tmp_path: Path, changes: list[str]) -> None:
    mine, more = tmp_path / "mine.py", tmp_path / "pack" / "more.py"
    mine.write_text("1")
    watch = HandlersWatch(tmp_path, lambda: changes.append("changed"))
    watch.look()
    assert changes == []
    os.utime(mine, ns=(1, 1))
    watch.look()
    watch.look()
    assert len(changes) == 1
    more.parent.mkdir()
    more.write_text("2")
    watch.look()
    mine.unlink()
    watch.look()
    (tmp_path / "notes.txt").write_text("nothing")
    watch.look()
    assert len(changes) == 3


def test_a_folder_that_comes_later_is_seen(tmp_path: Path, changes: list[str]) -> None:
    watch = HandlersWatch(tmp_path / "handlers", lambda: changes.append("changed"))
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "mine.py").write_text("")
    watch.look()
    assert changes == ["changed"]


def test_an_edit_takes_effect_without_a_restart_and_a_broken_one_does_no_harm(tmp_path: Path) -> None:
    mine = tmp_path / "handlers" / "mine.py"
    mine.parent.mkdir()
    mine.write_text(HANDLER.format(answer="old"))
    with LiveGateway(tmp_path) as gateway:
        answer = asks(gateway)
        assert answer() == "old"
        mine.write_text(HANDLER.format(answer="new"))
        wait_for(lambda: answer() == "new")
        mine.write_text("this is no code")
        wait_for(lambda: "reload_refused" in gateway.log())
        assert f"{mine}, line 1, cannot be loaded: SyntaxError" in gateway.log()
        assert answer() == "new"
        mine.write_text(HANDLER.format(answer="mended"))
        wait_for(lambda: answer() == "mended")


def test_outside_development_edits_wait_for_a_person_who_reloads(tmp_path: Path) -> None:
    mine, dotenv = tmp_path / "handlers" / "mine.py", tmp_path / ".env"
    mine.parent.mkdir()
    mine.write_text(HANDLER.format(answer="old"))
    (tmp_path / "handlers" / "silent.py").write_text("")
    dotenv.write_text("TITLE=old\n")
    channels = CALLBACK_CHANNEL + 'title = "${TITLE}"\n'
    with LiveGateway(tmp_path, channels=channels, env={"APP_ENV": "test"}) as gateway:
        before = gateway.children()
        assert f"{tmp_path}/handlers/silent.py has no router" in gateway.log()
        mine.write_text(HANDLER.format(answer="new"))
        dotenv.write_text("TITLE=new\n")
        time.sleep(3 * LOOK_SECONDS)
        assert gateway.children() == before
        assert "handlers_changed" not in gateway.log()
        os.kill(gateway.pid, signal.SIGHUP)
        answer = asks(gateway)
        wait_for(lambda: answer() == "new")
        # The old process may still answer for a moment.
        wait_for(lambda: titles(gateway) == ["new"])


def titles(gateway: LiveGateway) -> list[str]:
    bearer = {"Authorization": "Bearer ops-token-4d1f8a2b"}
    answer = requests.get(f"{gateway.url}/api/v1/channels", headers=bearer, timeout=10).json()
    return [channel["title"] for channel in answer["items"]]
