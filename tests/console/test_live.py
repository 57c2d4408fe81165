"""The console's stream: behind the session, by topics, in bounded number, over when the session is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.errors import RefusedError
from app.core.moments import EPOCH
from app.pipeline.operators.console_access import end_console_session
from app.pipeline.operators.live import MOST_LISTENERS, TOPICS
from app.pipeline.services import Services
from app.storage.console.sessions import list_console_sessions
from app.web.live_answers import live_of
from tests.console.desk import Desk

pytestmark = pytest.mark.backends("sqlite")
TEMPLATES = Path(__file__).parents[2] / "app" / "web" / "templates" / "console"


def test_the_stream_is_for_who_is_signed_in(stranger: Desk, viewer: Desk) -> None:
    assert stranger.open("/console/live", **{"Sec-Fetch-Dest": "empty"}).status_code == 401
    answer = viewer.client.head("/console/live?topics=events", base_url="https://gate.example")
    assert answer.status_code == 200
    assert answer.mimetype == "text/event-stream"


def test_a_topic_that_is_none_is_refused(viewer: Desk) -> None:
    assert viewer.open("/console/live?topics=weather", Accept="application/json").status_code == 400


def test_every_topic_of_a_page_is_one_of_the_stream() -> None:
    found = [
        topic
        for page in TEMPLATES.glob("*.html")
        for said in re.findall(r'data-live="([^"]*)"', page.read_text(encoding="utf-8"))
        for topic in said.split()
    ]
    assert len(found) > 5
    assert set(found) <= set(TOPICS)


def test_there_is_an_end_to_streams(services: Services, viewer: Desk) -> None:
    live = live_of(services)
    listeners = [live.listen(frozenset(TOPICS), lambda _: None) for _ in range(MOST_LISTENERS)]
    try:
        assert viewer.open("/console/live", Accept="application/json").status_code == 503
        with pytest.raises(RefusedError):
            live.check_room()
    finally:
        for each in listeners:
            live.leave(each)


def test_the_stream_ends_with_the_session(
    services: Services, viewer: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.live_answers.HEARTBEAT_SECONDS", 0.05)
    answer = viewer.client.get("/console/live?topics=alarms", base_url="https://gate.example")
    pieces = answer.iter_encoded()
    assert next(pieces).startswith(b"retry:")
    assert next(pieces) == b": still here\n\n"
    with services.database.read() as tx:
        sessions = list_console_sessions(tx, now=services.clock.now(), seen_after=EPOCH, limit=9)
    for each in sessions:
        end_console_session(services, each.id, actor="test")
    assert list(pieces) == []
