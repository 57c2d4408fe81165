"""Times at the ends of the calendar: wherever an operator gives one, it is taken or refused with a sentence."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from app.cli.dead_letters import dead_letters_group
from app.cli.events import events_group
from app.core.errors import RequestError
from app.core.moments import iso_moment
from app.pipeline.operators.pages import decode_cursor, encode_cursor
from app.pipeline.services import Services
from app.web.api.bindcodes import bindcodes_blueprint
from app.web.api.events import events_blueprint
from app.web.api.replay import replay_blueprint
from app.web.errors import install_errors
from tests.operators.stage import audited

OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
NO_TIMES = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "0000-12-31T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31 24:00",
    "2026-01-31T08:00:00 08:00",
    "2026-01-31T08:00:00+99:00",
    "2026-01-31T08:00:00Z\x00",
    "\u0662\u0660\u0662\u0666-01-31",
    "2026-01-31T08:00:00." + "0" * 50_000 + "Z",
]
LAST_TIMES = ["0001-01-01T00:00:00Z", "0001-01-01T14:00:00+14:00", "9999-12-31T23:59:59.999999Z"]


@pytest.fixture
def client(services: Services) -> FlaskClient:
    app = Flask("app.web")
    install_errors(app)
    for blueprint in (events_blueprint, replay_blueprint, bindcodes_blueprint):
        app.register_blueprint(blueprint(services))
    return app.test_client()


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("text", NO_TIMES, ids=[text[:24] for text in NO_TIMES])
def test_a_time_that_nobody_could_write_down_is_400_with_a_sentence(client: FlaskClient, text: str) -> None:
    for name in ("since", "until"):
        answers = [
            client.get("/api/v1/events", query_string={name: text}, headers=OPS),
            *(
                client.post(
                    "/api/v1/events/replay", json={name: text, "reason": "why", "dry_run": dry}, headers=OPS
                )
                for dry in (True, False)
            ),
        ]
        assert [answer.status_code for answer in answers] == [400] * 3
        assert {answer.get_json()["error"] for answer in answers} == {"bad_time"}
        assert all(answer.get_json()["message"].startswith(f"{name} must be a time") for answer in answers)


@pytest.mark.parametrize("text", LAST_TIMES)
def test_the_first_and_the_last_time_there_is_are_taken(
    client: FlaskClient, services: Services, text: str
) -> None:
    for name in ("since", "until"):
        assert client.get("/api/v1/events", query_string={name: text}, headers=OPS).status_code == 200
        body = {name: text, "reason": "why"}
        assert client.post("/api/v1/events/replay", json=body, headers=OPS).status_code == 202
    assert len(audited(services)) == 4


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("group", [events_group, dead_letters_group], ids=["events", "dead-letters"])
@pytest.mark.parametrize("text", NO_TIMES[:2])
def test_a_terminal_says_it_in_a_sentence_too(
    services: Services, group: Callable[[Services], object], text: str
) -> None:
    words = ["replay", "--since", text, "--reason", "why"]
    result = CliRunner().invoke(group(services), words)  # type: ignore[arg-type]
    assert (result.exit_code, result.output.startswith("Error: since must be a time")) == (1, True)


@pytest.mark.parametrize(
    "at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=["first", "last"]
)
def test_a_cursor_at_the_end_of_the_calendar_ends_the_list(client: FlaskClient, at: datetime) -> None:
    cursor = encode_cursor(at, "0" * 32)
    assert client.get("/api/v1/events", query_string={"cursor": cursor}, headers=OPS).status_code == 200


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("micros", ["9" * 18, "-" + "9" * 18, "9" * 30, "9" * 5000])
def test_a_cursor_beyond_the_calendar_is_none_of_ours(client: FlaskClient, micros: str) -> None:
    cursor = base64.urlsafe_b64encode(f"{micros}.{'0' * 32}".encode()).decode()
    with pytest.raises(RequestError, match="next_cursor"):
        decode_cursor(cursor)
    assert client.get("/api/v1/events", query_string={"cursor": cursor}, headers=OPS).status_code == 400


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("text", ["0" * 5000 + "1", "9" * 5000, "1.0", "-1", "\u0661"])
def test_a_size_of_a_page_beyond_every_number_is_400(client: FlaskClient, text: str) -> None:
    answer = client.get("/api/v1/events", query_string={"limit": text}, headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_limit")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("ttl", [10**30, -(10**30), 10**17])
def test_a_life_of_a_bind_code_beyond_the_calendar_is_400(client: FlaskClient, ttl: int) -> None:
    body = {"app": "demo", "channel": "callback", "ttl": ttl}
    answer = client.post("/api/v1/bindcodes", json=body, headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_ttl")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("limit", ["0", "-1", str(10**30)])
def test_a_terminal_takes_no_list_of_any_length(services: Services, limit: str) -> None:
    assert CliRunner().invoke(events_group(services), ["list", "--limit", limit]).exit_code == 2


def test_a_time_is_read_in_utc() -> None:
    assert iso_moment("2026-01-31T08:00:00+08:00") == datetime(2026, 1, 31, tzinfo=UTC)
    assert iso_moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
