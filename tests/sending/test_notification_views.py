"""Notifications over HTTP and from a terminal: what there is, what one would say, a test message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from app.cli.notifications import notifications_group
from app.config.channels import parse_channels
from app.factory import create_app
from app.pipeline.sending.notices import open_notification
from app.pipeline.sending.notifications import notification_routes
from app.pipeline.services import Services
from app.storage.messages.notifications import notification_events
from tests.builders import exchange
from tests.sending.office import Office, run_due

pytestmark = pytest.mark.backends("sqlite")
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
TABLE = """
[[notifications]]
name = "bound"
match = "callgate:openid.*"
when = "event.data.app == 'crm'"
channels = ["post"]
to = { user_id = "u1" }
limit = "1/day"
title = "{{ event.type }}"
text = "{{ event.data.open_id | default('somebody') }} is there"
"""


@pytest.fixture
def event_id(gateway: Services) -> str:
    """Return the event of somebody who was bound, after the notification told of it."""
    (config,) = parse_channels(TABLE, {}).notifications
    routes = notification_routes(gateway, [open_notification(config, Path("nowhere"))])
    exchange(gateway, notifications=routes, _matches={})
    gateway.own_events.listen(gateway.matching)
    with gateway.database.begin() as tx:
        gateway.own_events.tell(tx, "openid.bound", {"app": "crm", "open_id": "o1"})
    run_due(gateway)
    with gateway.database.read() as tx:
        return str(tx.execute(select(notification_events.c.event_id)).scalar_one())


def terminal(services: Services, *words: str) -> Result:
    return CliRunner().invoke(notifications_group(services), words)


def test_notifications_are_listed_with_what_became_of_their_events(gateway: Services, event_id: str) -> None:
    client = create_app(services=gateway).test_client()
    (item,) = client.get("/api/v1/notifications", headers=OPS).get_json()["items"]
    assert (item["name"], item["match"], item["last_day"]) == ("bound", ["callgate:openid.*"], {"sent": 1})
    assert item["limit"] == {"most": 1, "seconds": 86_400, "per_key": False}
    assert client.get("/api/v1/notifications").status_code == 401
    assert "bound" in terminal(gateway, "list").output
    assert json.loads(terminal(gateway, "list", "--json").output)[0]["last_day"] == {"sent": 1}


def test_a_preview_says_what_would_be_said_and_sends_nothing(
    gateway: Services, office: Office, event_id: str
) -> None:
    client = create_app(services=gateway).test_client()

    def preview(name: str, body: Any) -> tuple[int, dict[str, Any]]:
        answer = client.post(f"/api/v1/notifications/{name}/preview", json=body, headers=OPS)
        return answer.status_code, answer.get_json()

    status, shown = preview("bound", {"event": event_id})
    assert status == 200
    assert (shown["title"], shown["text"], shown["is_matched"], shown["is_meant"]) == (
        "openid.bound",
        "o1 is there",
        True,
        True,
    )
    assert shown["channels"] == [{"channel": "post", "parts": ["o1 is there"]}]
    assert preview("bound", {})[1]["text"] == "somebody is there"
    assert [preview(*each)[1]["error"] for each in [("none", {}), ("bound", {"event": "0" * 32}), ("bound", {"event": 1})]] == [
        "unknown_notification", "unknown_event", "bad_request",
    ]  # fmt: skip
    said = terminal(gateway, "preview", "bound", "--event", event_id).output
    assert "condition holds: yes" in said
    assert "o1 is there" in said
    run_due(gateway)
    assert office.texts == ["o1 is there"]


def test_a_test_message_goes_out_whatever_the_conditions(
    gateway: Services, office: Office, event_id: str
) -> None:
    assert terminal(gateway, "test", "bound").exit_code == 0
    assert terminal(gateway, "test", "bound", "--event", event_id).exit_code == 0
    run_due(gateway)
    assert office.texts == ["o1 is there", "somebody is there", "o1 is there"]
    assert "No notification is called 'none'" in terminal(gateway, "test", "none").output


def test_a_template_that_fails_is_told_in_a_sentence(gateway: Services, event_id: str) -> None:
    (config,) = parse_channels(
        TABLE.replace("event.data.open_id | default('somebody')", "1 / 0"), {}
    ).notifications
    exchange(
        gateway, notifications=notification_routes(gateway, [open_notification(config, Path("nowhere"))])
    )
    assert "text, line 1: ZeroDivisionError" in terminal(gateway, "preview", "bound").output
