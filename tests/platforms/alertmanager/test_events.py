"""What a notification of Alertmanager becomes: an event for each alert, known again when it is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import PayloadError
from app.core.ports import BatchSource
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.services import Services
from tests.builders import exchange
from tests.platforms.alertmanager.notifying import ALERT, TOKEN, channel, group, notification, take
from tests.platforms.deliveries import NOW

PAYLOADS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["payloads"]
RESOLVED = ALERT | {"status": "resolved", "endsAt": "2026-05-28T20:27:40.5Z"}


@pytest.mark.parametrize("case", PAYLOADS, ids=lambda case: case["name"])
def test_the_recorded_notifications_become_an_event_for_each_alert(case: dict[str, Any]) -> None:
    events = take(json.dumps(case["payload"]).encode())
    types = [event.type for event in events]
    expected = case["expect"]
    assert types.count("alert.firing") == expected.get("firing", 0)
    assert types.count("alert.resolved") == expected.get("resolved", 0)
    assert len({event.key for event in events}) == len(case["payload"]["alerts"])
    assert all(event.data["receiver"] == case["payload"]["receiver"] for event in events)


def test_the_data_is_the_alert_with_its_group_around_it() -> None:
    (event,) = take(group(commonLabels={"team": "ops"}))
    assert event.data == ALERT | {"receiver": "ops", "groupKey": "{}", "commonLabels": {"team": "ops"}}


def test_an_alerts_own_fields_win_over_the_groups() -> None:
    events = take(group(ALERT, RESOLVED, labels={"alertname": "of the group"}))
    assert [event.data["status"] for event in events] == ["firing", "resolved"]
    assert [event.data["labels"] for event in events] == [ALERT["labels"]] * 2


def test_it_happened_when_it_began_or_ended() -> None:
    firing, resolved = take(group(ALERT, RESOLVED))
    assert (firing.occurred_at, resolved.occurred_at) == (NOW, NOW + timedelta(seconds=60.5))


def test_an_alert_without_an_end_happened_when_it_began() -> None:
    (event,) = take(group(RESOLVED | {"endsAt": "0001-01-01T00:00:00Z"}))
    assert event.occurred_at == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"startsAt": "2026-05-29T04:26:40+08:00"},
        {"annotations": {"summary": "new"}},
        {"generatorURL": "http://other"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_same_alert_has_the_same_key(changes: dict[str, Any]) -> None:
    first, again = take(group(ALERT, ALERT | changes))
    assert first.key == again.key


@pytest.mark.parametrize(
    "changes",
    [{"startsAt": "2026-05-28T20:26:41Z"}, {"fingerprint": "c6eadffa33fcdf38"}, {"status": "resolved"}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_alert_has_another_key(changes: dict[str, Any]) -> None:
    first, other = take(group(ALERT, ALERT | changes))
    assert first.key != other.key


def test_without_a_fingerprint_the_labels_tell_alerts_apart() -> None:
    bare = ALERT | {"fingerprint": ""}
    first, same, other = take(group(bare, bare, bare | {"labels": {"alertname": "Other"}}))
    assert first.key == same.key != other.key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version":"4"}',
        b'{"version":4,"alerts":[]}',
        b'{"alerts":[]}',
        b'{"version":"4","alerts":{}}',
        group(5),
        group({}),
        group({"status": 5}),
        group({"status": "a b"}),
        group({"status": "x" * 33}),
    ],
    ids=[*"abcdefghijkl"],
)
def test_another_form_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        take(body)


def test_a_group_without_alerts_is_no_event() -> None:
    assert take(group(alerts=[])) == []


@pytest.fixture
def receiver(services_with: Callable[..., Services]) -> Services:
    """Return services with one channel called `am`."""
    services = services_with(channels="")
    config = ChannelConfig(name="am", platform="alertmanager", options={"token": TOKEN})
    opened, _ = open_channels([config], platforms.discover())
    exchange(services, channels=opened)
    return services


def stored(services: Services) -> list[str]:
    return sorted(item["type"] for item in list_events_page(services, {}, cursor=None, limit=9)["items"])


def test_every_alert_is_stored_once_although_the_group_is_repeated(receiver: Services) -> None:
    assert isinstance(channel(), BatchSource)
    for body in (group(ALERT), group(ALERT, RESOLVED), group(RESOLVED, ALERT)):
        assert receive(receiver, "am", notification(body), trace_id="").status == 200
    assert stored(receiver) == ["alert.firing", "alert.resolved"]


def test_one_bad_alert_stores_none_of_its_group(receiver: Services) -> None:
    with pytest.raises(PayloadError):
        receive(receiver, "am", notification(group(ALERT, {"status": 5})), trace_id="")
    assert stored(receiver) == []


def test_the_token_is_masked_in_what_is_stored(receiver: Services) -> None:
    receive(receiver, "am", notification(group()), trace_id="")
    (item,) = list_events_page(receiver, {}, cursor=None, limit=9)["items"]
    detail = event_detail(receiver, item["id"])
    assert detail is not None
    assert detail["masked"] == ["header:Authorization"]
    assert TOKEN not in json.dumps(detail)
