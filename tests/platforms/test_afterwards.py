"""Messages that platforms took, taken back and asked about: each platform that can, over its simulator, and those that cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.errors import RefusedError
from app.core.sent_messages import FateTeller, Recaller
from app.pipeline.operators.messages import Resend, resend_message, show_message
from app.pipeline.operators.sent_messages import ask_what_became, recall_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.database.db import Database
from sandbox.people import PEOPLE
from sandbox.platforms.dingtalk import people as dingtalk_people
from sandbox.platforms.dingtalk.messages import CHAT_ID as DINGTALK_CHAT
from sandbox.platforms.feishu.messages import CHAT_ID as FEISHU_CHAT
from sandbox.platforms.telegram.api import GROUP
from sandbox.platforms.wecom import people as wecom_people
from tests.browser.stage import simulated_accounts
from tests.builders import FrozenClock, exchange, make_services
from tests.platforms.sample_channels import sample_channels
from tests.sandbox.server import SandboxServer
from tests.sending.office import run_due

EVERYWHERE = pytest.mark.backends("sqlite", "postgresql", "mariadb")
pytestmark = pytest.mark.backends("sqlite")

LI, WANG = (wecom_people.user_id(each) for each in PEOPLE[:2])
DING, DONG = (dingtalk_people.user_id(each) for each in PEOPLE[:2])
RECALLABLE = [
    ("feishu", [{"chat_id": FEISHU_CHAT}]),
    ("wecom", [{"user_id": LI}, {"user_id": WANG}]),
    ("dingtalk", [{"user_id": DING}, {"user_id": DONG}]),
    ("dingtalk", [{"chat_id": DINGTALK_CHAT}]),
    ("telegram", [{"chat_id": GROUP}, {"user_id": str(PEOPLE[0].number)}]),
    ("discord", [{"robot": ""}]),
    ("slack", [{"chat_id": "C0SANDBOX1"}]),
]


@pytest.fixture
def services(database: Database, sandbox: SandboxServer, clock: FrozenClock) -> Iterator[Services]:
    made = make_services(database, clock=clock)
    exchange(made, channels=sample_channels(simulated_accounts(sandbox)))
    yield made
    made.inline_pool.shutdown(wait=False)


def send(services: Services, channel: str, to: list[dict[str, str]], text: str = "hello") -> str:
    body = {"channel": channel, "to": to, "text": text}
    message_id = accept_message(services, body, Order("ops")).id
    run_due(services)
    return message_id


def states(services: Services, message_id: str) -> list[str]:
    return [each["state"] for each in show_message(services, message_id)["recipients"]]


@pytest.mark.parametrize(("channel", "to"), RECALLABLE)
def test_a_message_is_taken_back_where_the_platform_does_that(
    services: Services, sandbox: SandboxServer, channel: str, to: list[dict[str, str]]
) -> None:
    message_id = send(services, channel, to)
    told = recall_message(services, message_id, actor="ops")
    assert (told["recalled"], told["refused"], told["left"]) == (len(to), 0, 0)
    assert states(services, message_id) == ["recalled"] * len(to)
    slug = services.channels.get(channel).spec.slug  # type: ignore[union-attr]
    assert {each.kind for each in sandbox.state.inbox.of(slug)} == {"recalled"}


def test_every_platform_that_takes_messages_back_is_tried_here(services: Services) -> None:
    able = {each.name for each in services.channels if each.as_capability(Recaller) is not None}
    assert able == {channel for channel, _ in RECALLABLE}


@EVERYWHERE
def test_what_a_platform_does_not_take_back_says_why_and_stays(
    services: Services, sandbox: SandboxServer, clock: FrozenClock
) -> None:
    message_id = send(services, "telegram", [{"chat_id": GROUP}])
    sandbox.state.advance(49 * 3600)
    assert recall_message(services, message_id, actor="ops")["refused"] == 1
    (row,) = show_message(services, message_id)["recipients"]
    assert (row["state"], row["error"]) == ("sent", "recall_refused")
    assert "48 hours" in row["message"]


def test_a_recall_asked_for_twice_is_done_once(services: Services) -> None:
    message_id = send(services, "feishu", [{"chat_id": FEISHU_CHAT}])
    recall_message(services, message_id, actor="ops")
    with pytest.raises(RefusedError) as caught:
        recall_message(services, message_id, actor="ops")
    assert caught.value.code == "cannot_recall"


def test_a_busy_platform_leaves_the_rest_for_the_next_time(
    services: Services, sandbox: SandboxServer
) -> None:
    to = [{"chat_id": GROUP}, {"user_id": str(PEOPLE[0].number)}]
    message_id = send(services, "telegram", to)
    sandbox.state.faults.add("telegram.method", "status", times=1, status=503)
    told = recall_message(services, message_id, actor="ops")
    assert (told["left"], told["recalled"], bool(told["message"])) == (2, 0, True)
    assert recall_message(services, message_id, actor="ops")["recalled"] == 2


@pytest.mark.parametrize(("channel", "to"), [("gotify", [{"robot": ""}]), ("wecom", [{"robot": ""}])])
def test_a_message_nobody_takes_back_is_refused_in_words(
    services: Services, channel: str, to: list[dict[str, str]]
) -> None:
    message_id = send(services, channel, to)
    with pytest.raises(RefusedError) as caught:
        recall_message(services, message_id, actor="ops")
    assert (caught.value.code, states(services, message_id)) == ("cannot_recall", ["sent"])


def test_a_message_on_its_way_is_not_taken_back(services: Services) -> None:
    body = {"channel": "feishu", "to": [{"chat_id": FEISHU_CHAT}], "text": "hello"}
    message_id = accept_message(services, body, Order("ops")).id
    with pytest.raises(RefusedError) as caught:
        recall_message(services, message_id, actor="ops")
    assert caught.value.code == "message_not_ended"


def test_a_recall_is_written_down(services: Services) -> None:
    message_id = send(services, "discord", [{"robot": ""}])
    recall_message(services, message_id, actor="anna", trace_id="t1")
    with services.database.read() as tx:
        found = [(each.actor, each.action, each.target) for each in list_audit(tx, before=None, limit=5)]
    assert found == [("anna", "message.recall", message_id)]


def test_what_was_taken_back_is_sent_again_only_on_demand(services: Services, clock: FrozenClock) -> None:
    message_id = send(services, "feishu", [{"chat_id": FEISHU_CHAT}])
    recall_message(services, message_id, actor="ops")
    clock.advance(seconds=5)
    resend_message(services, message_id, Resend(everything=True), actor="ops")
    run_due(services)
    assert states(services, message_id) == ["sent"]


@EVERYWHERE
def test_dingtalk_tells_of_a_notice_whom_it_reached_and_why_not(services: Services) -> None:
    """The same notice goes to the same person once a day, and DingTalk says nothing when it is sent."""
    notice = {"type": "text", "content": {"content": "once a day"}, "channel": "dingtalk"}
    first = accept_message(services, {**notice, "to": [{"user_id": DING}]}, Order("ops")).id
    second = accept_message(
        services, {**notice, "to": [{"user_id": DING}, {"user_id": DONG}]}, Order("ops")
    ).id
    run_due(services)
    assert (states(services, first), states(services, second)) == (["accepted"], ["accepted"] * 2)
    told = [ask_what_became(services, each, actor="ops") for each in (first, second)]
    assert [(each["sent"], each["refused"]) for each in told] == [(1, 0), (1, 1)]
    assert (states(services, first), states(services, second)) == (["sent"], ["refused", "sent"])
    shown = show_message(services, second)
    assert (shown["state"], "once a day" in shown["recipients"][0]["message"]) == ("partly", True)


def test_where_nobody_tells_more_nothing_is_asked(services: Services) -> None:
    message_id = send(services, "wecom", [{"user_id": LI}])
    with pytest.raises(RefusedError) as caught:
        ask_what_became(services, message_id, actor="ops")
    assert caught.value.code == "nothing_to_ask"
    able = {each.name for each in services.channels if each.as_capability(FateTeller) is not None}
    assert able == {"dingtalk"}
