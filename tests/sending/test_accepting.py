"""Accepting: what can be judged is judged at once, one key is one message, and nothing is stored of what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core.errors import ConfigurationError, RefusedError, RequestError, UnderPressure
from app.factory import build_services
from app.pipeline.services import OverLimit, Services
from app.storage.inbox.events import events
from app.storage.messages.tables import message_channels, message_recipients, messages
from tests.builders import environment, exchange
from tests.sending.office import Clerk, Office, ask, open_channels, run_due, shown

MessageGroup = Callable[..., Any]

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "unknown_field", "colour"),
    ({"channel": None}, "bad_channels", "channel"),
    ({"channels": ["post"]}, "bad_channels", "either"),
    ({"channel": None, "channels": []}, "bad_channels", "1 to 16"),
    ({"channel": None, "channels": ["post", 7]}, "bad_channels", "list of names"),
    ({"channel": "nowhere"}, "channel_cannot_send", "post"),
    ({"to": []}, "bad_recipient", "1 to 1,000"),
    ({"to": [{"user_id": "u"}] * 1001}, "bad_recipient", "1 to 1,000"),
    ({"to": "u1"}, "bad_recipient", "one key"),
    ({"to": {"user_id": "u1", "open_id": "o1"}}, "bad_recipient", "one key"),
    ({"to": {"phone": "13800000000"}}, "bad_recipient", "must be one of"),
    ({"to": {"user_id": 7}}, "bad_recipient", "printable"),
    ({"to": {"user_id": "u\x00"}}, "bad_recipient", "printable"),
    ({"to": {"user_id": "u" * 256}}, "bad_recipient", "255"),
    ({"to": {"robot": "key"}}, "bad_recipient", "robot has no address"),
    ({"to": {"chat_id": "c1"}}, "bad_recipient", "post sends to no chat_id; it takes user_id"),
    ({"to": None}, "no_recipient", "say to whom"),
    ({"text": None}, "no_text", "nothing to say"),
    ({"text": "  \n"}, "no_text", "nothing to say"),
    ({"text": 7}, "bad_message", "text must be text"),
    ({"title": "one\ntwo"}, "bad_message", "one line"),
    ({"title": "t" * 1001}, "bad_message", "1,000"),
    ({"format": "pdf"}, "bad_message", "markdown, text, html"),
    ({"format": []}, "bad_message", "markdown, text, html"),
    ({"mentions": {}}, "bad_message", "mentions"),
    ({"mentions": "@all"}, "bad_message", "mentions"),
    ({"mentions": [""]}, "bad_message", "mentions"),
    ({"type": "text", "content": {"text": "x"}}, "bad_message", "not both"),
    ({"text": None, "type": "text"}, "bad_message", "content must be"),
    ({"text": None, "type": "te xt", "content": {}}, "bad_message", "type must be"),
    ({"text": None, "type": "image", "content": {}}, "bad_message", "post: type must be text here"),
    ({"text": "|" * 20}, "text_too_long", "21 parts"),
    ({"fallback": "yes"}, "bad_message", "fallback must be true or false"),
]


def count(services: Services, table: Any) -> int:
    with services.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def test_what_is_wrong_is_refused_with_the_cure_and_nothing_is_stored(gateway: Services) -> None:
    for changes, word, words in REFUSED:
        with pytest.raises(RequestError) as caught:
            ask(gateway, **changes)
        assert (caught.value.code, caught.value.http_status) == (word, 400), changes
        assert words in caught.value.message, changes
    assert (count(gateway, events), count(gateway, messages)) == (0, 0)


def test_a_title_may_hold_joined_emoji_and_wide_blanks(gateway: Services) -> None:
    for title in ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "告警\u3000级别", "10\u00a0km", "a\u00adb"):
        ask(gateway, title=title)
    for title in ("a\x00", "\x1b[31m", "a\u2028b", "a\x85b"):
        with pytest.raises(RequestError):
            ask(gateway, title=title)


def test_the_robot_is_meant_where_nobody_is_named(services: Services, office: Office) -> None:
    open_channels(services, office, Clerk(office.url, "post", recipient_kinds=("robot",)))
    message_id = ask(services, to=None)
    run_due(services)
    assert shown(services, message_id)["recipients"][0]["to"] == {"robot": ""}
    assert office.reached == [""]


def test_a_recipient_named_twice_is_sent_to_once(gateway: Services, office: Office) -> None:
    ask(gateway, to=[{"user_id": "u1"}, {"user_id": "u2"}, {"user_id": "u1"}])
    run_due(gateway)
    assert office.reached == ["u1", "u2"]


def test_one_key_of_one_caller_is_one_message(gateway: Services, office: Office) -> None:
    first = ask(gateway, "order-7", text="paid")
    assert ask(gateway, "order-7", text="paid") == first
    assert ask(gateway, "order-7", caller="billing", text="paid") != first
    for changes in ({"text": "refunded"}, {"text": "paid", "fallback": True}):
        with pytest.raises(RefusedError) as caught:
            ask(gateway, "order-7", **changes)
        assert (caught.value.code, caught.value.http_status) == ("idempotency_key_reused", 409)
    for key in ("", "k" * 256, "ключ", "line\nend"):
        with pytest.raises(RequestError, match="printable ASCII"):
            ask(gateway, key)
    run_due(gateway)
    assert len(office.taken) == 2


def test_twenty_at_once_with_one_key_are_one_message(gateway: Services, office: Office) -> None:
    ids: list[str] = []
    gate = threading.Barrier(20)

    def send() -> None:
        gate.wait()
        ids.append(ask(gateway, "only-once"))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_due(gateway)
    assert (len(ids), len(set(ids)), len(office.taken)) == (20, 1, 1)
    assert [count(gateway, each) for each in (messages, message_channels, message_recipients)] == [1, 1, 1]


def test_a_key_is_free_again_after_its_window(gateway: Services, clock: Any) -> None:
    first = ask(gateway, "order-7")
    clock.advance(days=31)
    assert ask(gateway, "order-7") != first


def test_a_gateway_over_a_limit_takes_no_messages(gateway: Services) -> None:
    gateway.runtime.pressure.over = (OverLimit("MAX_WAITING", 10, 12),)
    with pytest.raises(UnderPressure) as caught:
        ask(gateway)
    assert (caught.value.http_status, count(gateway, messages)) == (503, 0)


def test_a_group_stands_for_its_channels(services: Services, office: Office) -> None:
    from app.config.message_groups import MessageGroupConfig

    open_channels(services, office, Clerk(office.url, "post"), Clerk(office.url, "spare"))
    exchange(services, message_groups=(MessageGroupConfig(name="everywhere", channels=("spare", "post")),))
    message_id = ask(services, channel=None, channels=["post", "everywhere"])
    run_due(services)
    assert [each["channel"] for each in shown(services, message_id)["channels"]] == ["post", "spare"]


@pytest.mark.backends("sqlite")
def test_a_group_of_unknown_channels_or_with_a_channels_name_stops_the_start(tmp_path: Any) -> None:
    file = tmp_path / "channels.toml"
    for table, words in (
        ('name = "ops"\nchannels = ["nowhere"]', "'nowhere', which is not in the channels file"),
        ('name = "callback"\nchannels = ["callback"]', "has the name of a channel"),
        ('name = "ops"\nchannels = []', "channels"),
        ('name = "Ops"\nchannels = ["callback"]', "may hold only"),
    ):
        file.write_text(
            f'[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\n[[message_groups]]\n{table}\n'
        )
        with pytest.raises(ConfigurationError, match=words):
            build_services(environment(CHANNELS_FILE=str(file), DATABASE_URL=f"sqlite:///{tmp_path}/x.db"))
