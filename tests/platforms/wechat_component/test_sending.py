"""Messages in the name of accounts that authorise a third-party platform: whose token goes out, and what an account's fault means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.errors import RequestError
from app.core.sending import Recipient, ReplyTarget, Sender
from app.pipeline.operators.messages import show_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.tokens.account_tokens import usable_account_token
from app.platforms import discover
from app.storage.database.db import Database
from sandbox import tencent_messages
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.wechat_component import authorisations
from tests.builders import FrozenClock
from tests.platforms.stored_events import event_of
from tests.platforms.wechat_component.stage import ACCOUNT, CHANNEL, Stage, component_services
from tests.sandbox.server import SandboxServer
from tests.sending.office import run_due

pytestmark = pytest.mark.backends("sqlite")
OPEN_ID = tencent_messages.identifier(ACCOUNT, PEOPLE[0].key)
OTHER = "wxsandboxother0001"


@pytest.fixture
def stage(database: Database, sandbox: SandboxServer, clock: FrozenClock) -> Iterator[Stage]:
    services = component_services(database, clock, sandbox)
    made = Stage(services, sandbox, clock)
    made.authorise()
    yield made
    services.inline_pool.shutdown(wait=False)


def send(stage: Stage, *accounts: str, **body: object) -> str:
    to = [{"account": each, "open_id": OPEN_ID} for each in accounts or (ACCOUNT,)]
    whole = {"channel": CHANNEL, "to": to, "title": "Order", "text": "**paid**"} | body
    return accept_message(stage.services, whole, Order("shop")).id


def ended(stage: Stage, message_id: str) -> list[tuple[str, str]]:
    run_due(stage.services)
    return [
        (each["to"]["account"], each["state"])
        for each in show_message(stage.services, message_id)["recipients"]
    ]


def kept(stage: Stage) -> list[Delivered]:
    return stage.sandbox.state.inbox.of("wechat-component")


def test_a_message_goes_out_with_the_token_of_its_account(stage: Stage) -> None:
    message_id = send(stage)
    assert ended(stage, message_id) == [(ACCOUNT, "sent")]
    (found,) = kept(stage)
    assert (found.conversation, found.kind) == (f"{ACCOUNT}:{PEOPLE[0].key}", "text")
    assert show_message(stage.services, message_id)["recipients"][0]["to"] == {
        "account": ACCOUNT,
        "open_id": OPEN_ID,
    }


def test_an_expired_token_of_an_account_is_renewed_and_the_message_sent_once(stage: Stage) -> None:
    usable_account_token(stage.services, CHANNEL, ACCOUNT)
    stage.clock.advance(minutes=5)
    for token in stage.sandbox.state.app_tokens[f"wechat_component.{ACCOUNT}"]:
        token.revoked = True
    assert ended(stage, send(stage)) == [(ACCOUNT, "sent")]
    assert len(kept(stage)) == 1


@pytest.mark.backends("sqlite", "postgresql", "mariadb")
def test_an_account_that_authorises_nobody_concerns_its_own_people_alone(stage: Stage) -> None:
    message_id = send(stage, OTHER, ACCOUNT)
    assert ended(stage, message_id) == [(OTHER, "refused"), (ACCOUNT, "sent")]
    (refused, _) = show_message(stage.services, message_id)["recipients"]
    assert "does not authorise" in refused["message"]


@pytest.mark.parametrize("type_", ["template", "subscribe", "mini_subscribe"])
def test_forms_go_to_the_call_of_their_kind(stage: Stage, type_: str) -> None:
    content = {"template_id": "t1", "data": {"thing1": {"value": "paid"}}}
    message_id = send(stage, type=type_, content=content, title=None, text=None)
    assert ended(stage, message_id) == [(ACCOUNT, "accepted")]
    assert [(each.kind, each.text) for each in kept(stage)] == [(type_, "paid")]


@pytest.mark.parametrize(
    "to",
    [
        {"open_id": OPEN_ID},
        {"account": ACCOUNT},
        {"account": ACCOUNT, "open_id": ""},
        {"account": f"{ACCOUNT}/x", "open_id": OPEN_ID},
        {"account": 7, "open_id": {}},
    ],
)
def test_a_recipient_without_a_plain_account_and_id_is_refused(stage: Stage, to: object) -> None:
    with pytest.raises(RequestError) as caught:
        send(stage, to=to)
    assert caught.value.code == "bad_recipient"


def test_a_reply_is_for_the_writer_in_the_name_of_the_account(stage: Stage) -> None:
    target = stage.channel.as_capability(ReplyTarget)
    assert target is not None
    event = event_of(data={"AuthorizerAppid": ACCOUNT, "Content": "hi"}, subject=OPEN_ID)
    assert target.reply_to(event) == Recipient("account", f"{ACCOUNT}/{OPEN_ID}")
    own = event_of(data={"InfoType": "authorized", "AuthorizerAppid": ACCOUNT}, subject=ACCOUNT)
    assert target.reply_to(own) is None


def test_without_its_secret_a_third_party_platform_sends_nothing() -> None:
    spec = discover()["wechat-component"]
    keys = {"component_app_id": "wx1", "token": "t" * 16, "encoding_aes_key": "a" * 43}
    assert not isinstance(spec.open("c", spec.settings.model_validate(keys)), Sender)


def test_an_account_that_withdraws_is_told_as_refused(stage: Stage) -> None:
    usable_account_token(stage.services, CHANNEL, ACCOUNT)
    authorisations.withdraw(stage.sandbox.state)
    stage.happen("unauthorized")
    assert ended(stage, send(stage)) == [(ACCOUNT, "refused")]
    assert kept(stage) == []
