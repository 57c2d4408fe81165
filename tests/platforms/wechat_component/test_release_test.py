"""WeChat's release test is answered to its own test accounts, while a switch is on, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.core.states import DispatchState
from app.core.values import Situation
from app.platforms.wechat_component.release_test import TEST_ACCOUNTS
from app.storage.database.db import Database
from sandbox.platforms.wechat_component import authorisations
from tests.builders import FrozenClock
from tests.platforms.callback_cases import answered
from tests.platforms.wechat_component.component import (
    ACCOUNT,
    component,
    message,
    opened,
    sent,
)
from tests.platforms.wechat_component.stage import Stage, component_services
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
TESTER, TESTER_ORIGINAL = next(iter(TEST_ACCOUNTS.items()))
TEXT = "TESTCOMPONENT_MSG_TYPE_TEXT"


def asked(account: str = TESTER, original: str = TESTER_ORIGINAL, *, on: bool = True, **fields: Any) -> bytes:
    request = sent(message(**({"ToUserName": original, "Content": TEXT} | fields)), account)
    return answered(component(release_test=on), request, None, Situation.ACCEPTED).body


@pytest.fixture
def stage(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Stage]:
    services = component_services(database, clock, sandbox, release_test="true")
    authorisations.original_ids(sandbox.state)[TESTER] = TESTER_ORIGINAL
    yield Stage(services, sandbox, clock)
    services.inline_pool.shutdown(wait=False)


@pytest.mark.parametrize("account", TEST_ACCOUNTS)
def test_the_text_is_answered_to_each_test_account(account: str) -> None:
    request = sent(message(ToUserName=TEST_ACCOUNTS[account], Content=TEXT), account)
    reply = opened(answered(component(release_test=True), request, None, Situation.STILL_RUNNING))
    assert reply["Content"] == "TESTCOMPONENT_MSG_TYPE_TEXT_callback"


def test_an_event_is_answered_with_its_name() -> None:
    request = sent(message(ToUserName=TESTER_ORIGINAL, MsgType="event", Event="LOCATION", Content=""), TESTER)
    reply = opened(answered(component(release_test=True), request))
    assert reply["Content"] == "LOCATIONfrom_callback"


def test_nobody_else_is_answered_so() -> None:
    assert asked(ACCOUNT, "gh_authorised01") == b"success"
    assert asked(ACCOUNT, TESTER_ORIGINAL) == b"success"
    assert asked(TESTER, "gh_authorised01") == b"success"
    assert asked(on=False) == b"success"
    assert asked(Content=f"{TEXT} ") == b"success"


def push_code(stage: Stage, code: str) -> bytes:
    pushed = stage.push(
        "message.text", account=TESTER, ToUserName=TESTER_ORIGINAL, Content=f"QUERY_AUTH_CODE:{code}"
    )
    return pushed.body


def sent_messages(stage: Stage) -> list[str]:
    return [each["body"]["text"]["content"] for each in stage.sandbox.state.messages]


def test_a_code_is_redeemed_and_sent_back_in_the_accounts_name(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    code, _ = authorisations.new_code(stage.sandbox.state, TESTER)
    assert push_code(stage, code) == b"success"
    assert stage.work_off() == [DispatchState.SUCCEEDED]
    assert sent_messages(stage) == [f"{code}_from_api"]


def test_a_code_that_the_event_has_spent_is_sent_back_all_the_same(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    stage.happen("authorized", AuthorizerAppid=TESTER)
    assert push_code(stage, "queryauthcode@@@spent") == b"success"
    assert stage.work_off() == [DispatchState.SUCCEEDED]
    assert sent_messages(stage) == ["queryauthcode@@@spent_from_api"]


def test_a_code_of_anybody_else_is_an_ordinary_message(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    stage.push("message.text", Content="QUERY_AUTH_CODE:x")
    assert stage.work_off() == []
