"""Destinations in the channels file: what is understood, what is refused, and that no secret is ever shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.config.channels import parse_channels
from app.config.destinations import DestinationConfig, secret_bytes
from app.config.field_paths import value_at
from app.config.rates import interval_of
from app.core.errors import ConfigurationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def destination(*lines: str, **changes: str) -> DestinationConfig:
    keys = {
        "name": '"crm"',
        "match": '["feishu:contact.*", "wechat:subscribe"]',
        "url": '"http://10.0.0.7:8080/hooks"',
        "secret": '"${CRM_SECRET}"',
    } | changes
    text = "[[destinations]]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items())
    (found,) = parse_channels(text + "\n".join(lines), {"CRM_SECRET": SECRET}).destinations
    return found


def test_what_is_not_written_has_its_default() -> None:
    crm = destination()
    assert (crm.concurrency, crm.timeout, crm.max_attempts, crm.pause_after) == (4, 10.0, 12, 50)
    assert (crm.rate, crm.raw, crm.order_by) == (None, False, None)
    assert [secret_bytes(secret) for secret in crm.secret] == [secret_bytes(crm.secret[0])]


@pytest.mark.parametrize(
    ("channel", "event_type", "taken"),
    [
        ("feishu", "contact.user.created_v3", True),
        ("feishu", "im.message.receive_v1", False),
        ("wechat", "subscribe", True),
        ("wechat", "Subscribe", False),
        ("feishu-hr", "contact.user.created_v3", False),
    ],
)
def test_both_halves_of_a_match_must_fit(channel: str, event_type: str, taken: bool) -> None:
    assert destination().takes(channel, event_type) is taken


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": '"CRM"'}, "name"),
        ({"match": "[]"}, "match"),
        ({"match": '["everything"]'}, "match"),
        ({"url": '"ftp://crm"'}, "url"),
        ({"url": '"https://user:pw@crm"'}, "url"),
        ({"url": '"https://crm:99999/"'}, "url"),
        ({"secret": '"plain-text-secret"'}, "secret"),
        ({"secret": '"whsec_not base64"'}, "secret"),
        ({"secret": "[]"}, "secret"),
        ({"rate": '"often"'}, "rate"),
        ({"concurrency": "0"}, "concurrency"),
        ({"timeout": "600"}, "timeout"),
        ({"max_attempts": "0"}, "max_attempts"),
        ({"retry_delays": "[]"}, "retry_delays"),
        ({"retry_delays": '"10 s"'}, "retry_delays"),
        ({"retry_delays": '["10 s", "soon"]'}, "retry_delays"),
        ({"order_by": '"a..b"'}, "order_by"),
        ({"retries": "3"}, "retries"),
    ],
)
def test_a_fault_names_the_destination_and_the_key(changes: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        destination(**changes)
    assert named in str(caught.value)
    for hidden in ("plain-text-secret", "user:pw", "not base64"):
        assert hidden not in str(caught.value)


def test_waits_are_read_as_seconds_and_say_how_many_tries_there_are() -> None:
    crm = destination('retry_delays = [5, "10 s", "1.5 min", "2 hours", "1 d"]')
    assert list(crm.retry_delays) == [5, 10, 90, 7200, 86_400]
    assert crm.max_attempts == 6


def test_the_number_of_tries_may_differ_from_the_number_of_waits() -> None:
    assert destination("retry_delays = [5]", "max_attempts = 20").max_attempts == 20


def test_a_wait_that_cannot_be_used_says_what_is_right() -> None:
    with pytest.raises(ConfigurationError, match=r"retry_delays: must be a list of 1 to 99 waits.*'5 min'"):
        destination('retry_delays = ["5 m"]')


def test_a_secret_that_is_not_set_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="'crm' needs NOT_SET"):
        destination(secret='"${NOT_SET}"')


def test_two_destinations_of_one_name_are_refused() -> None:
    table = f'[[destinations]]\nname = "a"\nmatch = ["*:*"]\nurl = "http://a"\nsecret = "{SECRET}"\n'
    with pytest.raises(ConfigurationError, match="two destinations"):
        parse_channels(table * 2, {})


def test_a_secret_is_not_in_the_text_of_the_value() -> None:
    assert SECRET[6:] not in repr(destination())


@pytest.mark.parametrize(
    ("rate", "seconds"), [("50 per second", 0.02), ("600/minute", 0.1), ("1 per hour", 3600)]
)
def test_a_rate_is_an_interval(rate: str, seconds: float) -> None:
    assert interval_of(rate) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("path", "value"),
    [("order.id", 7), ("items.1", "b"), ("items.2", None), ("order.none", None), ("order.id.x", None)],
)
def test_a_path_leads_to_a_value_or_nowhere(path: str, value: Any) -> None:
    assert value_at({"order": {"id": 7}, "items": ["a", "b"]}, path) == value
