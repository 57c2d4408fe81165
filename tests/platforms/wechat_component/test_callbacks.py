"""Callbacks of a third-party platform: recorded cases, both addresses, whose events they are, keys, and the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.accounts import AccountSource, AuthorisationPages
from app.core.address_ports import SubAddresses
from app.core.errors import PayloadError, VerificationError
from app.core.ports import AppTokenSource, CredentialBearer, WebhookSource
from app.core.values import Coverage, InboundRequest, Situation
from app.platforms.wechat_component import PLATFORM, ComponentConnector
from sandbox import tencent_messages as signer
from tests.platforms.callback_cases import (
    NOW,
    answered,
    check_accepted,
    check_refused,
    is_owned,
    received,
    recorded_request,
    refused,
)
from tests.platforms.wechat_component.component import (
    ACCOUNT,
    AES_KEY,
    APP_ID,
    OTHER_AES_KEY,
    SETTINGS,
    TOKEN,
    VECTORS,
    component,
    encrypted,
    message,
    opened,
    own_event,
    request_for,
    sent,
    xml,
)

ACCEPTED = [case for case in VECTORS["cases"] if case["expect"] == "accept"]
REFUSED = [case for case in VECTORS["cases"] if case["expect"] == "refuse"]
PORTS = (WebhookSource, SubAddresses, CredentialBearer, AppTokenSource, AccountSource, AuthorisationPages)


def of_vectors() -> ComponentConnector:
    own = VECTORS["settings"]
    return component(
        component_app_id=own["component_appid"],
        token=own["token"],
        encoding_aes_key=own["encoding_aes_key"],
    )


def request_of(case: Any) -> InboundRequest:
    is_message = case["path"].startswith("/wx/msg/")
    account = "/" + case["path"].removeprefix("/wx/msg/") if is_message else ""
    return recorded_request(case, f"/webhooks/component{account}", VECTORS["now"])


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_a_recorded_case_is_read_and_answered(case: Any) -> None:
    check_accepted(of_vectors(), request_of(case), case)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_a_recorded_forgery_is_refused(case: Any) -> None:
    check_refused(of_vectors(), request_of(case))


def test_an_event_of_another_third_party_platform_is_not_ours() -> None:
    text = own_event("component_verify_ticket", AppId="wxanother", ComponentVerifyTicket="t")
    assert not is_owned(component().verify(sent(text), NOW))


def test_an_event_that_names_no_owner_is_not_ours() -> None:
    text = xml(CreateTime=1, InfoType="unauthorized", AuthorizerAppid=ACCOUNT)
    assert not is_owned(component().verify(sent(text), NOW))


@pytest.mark.parametrize("receive_id", [ACCOUNT, "", "wxanother"])
def test_a_message_must_be_encrypted_for_the_third_party_platform(receive_id: str) -> None:
    request = request_for(encrypted(message(), receive_id=receive_id), ACCOUNT)
    assert refused(component(), request).reason == "wrong_aes_key_or_receive_id"


def test_another_token_is_refused() -> None:
    assert refused(component(token="another-token"), sent(message(), ACCOUNT)).reason == "bad_signature"


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_part_of_the_proof_is_needed(name: str) -> None:
    request = sent(message(), ACCOUNT)
    pairs = [pair for pair in request.query_string.split("&") if not pair.startswith(f"{name}=")]
    assert refused(component(), request._replace(query_string="&".join(pairs))).reason == f"missing_{name}"


def test_a_doubled_parameter_is_refused() -> None:
    request = sent(message(), ACCOUNT)
    doubled = request._replace(query_string=f"{request.query_string}&nonce=1")
    assert refused(component(), doubled).reason == "duplicate_parameter"


@pytest.mark.parametrize("cut", [0, 10, 39])
def test_a_cut_signature_is_refused(cut: int) -> None:
    request = sent(message(), ACCOUNT)
    head, _, signature = request.query_string.partition("msg_signature=")
    refused(component(), request._replace(query_string=f"{head}msg_signature={signature[:cut]}"))


@pytest.mark.parametrize("body", [b"", message(), b"<xml/>", b"not xml"])
def test_a_body_that_is_not_encrypted_is_never_an_event(body: bytes) -> None:
    request = sent(message(), ACCOUNT)._replace(body=body)
    with pytest.raises((VerificationError, PayloadError)):
        received(component(), request)


def test_the_age_is_judged_only_where_it_is_asked_for() -> None:
    request, late = sent(message(), ACCOUNT), NOW + timedelta(seconds=301)
    assert component().verify(request, late)
    with pytest.raises(VerificationError):
        component(max_age=300).verify(request, late)


@pytest.mark.parametrize("keys", [[OTHER_AES_KEY, AES_KEY], [AES_KEY, OTHER_AES_KEY]])
def test_the_answer_uses_the_keys_that_fitted_during_a_rotation(keys: list[str]) -> None:
    connector = component(encoding_aes_key=keys, token=["new-token-1", TOKEN])
    assert opened(answered(connector, sent(message(), ACCOUNT), "hi"))["Content"] == "hi"


def test_a_message_says_which_account_it_is_for() -> None:
    _, event = received(component(), sent(message(MsgId=7), ACCOUNT))
    assert (event.type, event.subject) == ("message.text", "oOpenId01")
    assert event.data["AuthorizerAppid"] == ACCOUNT


def test_the_same_message_to_two_accounts_is_two_events() -> None:
    keys = {received(component(), sent(message(MsgId=7), account))[1].key for account in (ACCOUNT, "wx2")}
    assert keys == {f"{ACCOUNT}:7", "wx2:7"}


def test_an_event_of_an_account_has_the_platforms_own_name() -> None:
    _, event = received(component(), sent(message(MsgType="event", Event="subscribe"), ACCOUNT))
    assert event.type == "subscribe"
    assert event.key is not None
    assert event.key.startswith(f"{ACCOUNT}:event:")


def test_a_message_at_the_channels_own_address_is_told_what_is_wrong() -> None:
    with pytest.raises(PayloadError) as caught:
        received(component(), sent(message()))
    assert caught.value.reason == "missing_appid"


def test_unknown_info_types_are_kept_and_told_apart() -> None:
    texts = [own_event("notify_third_fasteregister", appid=appid, status=0) for appid in ("wx1", "wx2")]
    first, second = (received(component(), sent(text))[1] for text in texts)
    assert (first.type, first.data["appid"]) == ("notify_third_fasteregister", "wx1")
    assert first.key != second.key


def test_a_redelivery_has_the_same_key_although_its_ciphertext_differs() -> None:
    text = message(MsgType="event", Event="subscribe")
    again = signer.encrypt(text, AES_KEY, APP_ID, b"another 16 bytes")
    first = received(component(), sent(text, ACCOUNT))[1]
    second = received(component(), request_for(again, ACCOUNT))[1]
    assert first.key == second.key


@pytest.mark.parametrize("situation", [each for each in Situation if each.value != "unknown_event_type"])
def test_an_event_of_its_own_is_always_answered_with_seven_letters(situation: Situation) -> None:
    request = sent(own_event("component_verify_ticket", ComponentVerifyTicket="t"))
    reply = answered(component(), request, {"a": 1}, situation)
    assert (reply.status, reply.body) == (200, b"success")


def test_a_handlers_text_is_an_encrypted_reply_to_the_person() -> None:
    reply = opened(answered(component(), sent(message(), ACCOUNT), "收到 ]]>"))
    assert (reply["ToUserName"], reply["FromUserName"]) == ("oOpenId01", "gh_authorised01")
    assert reply["Content"] == "收到 ]]>"


@pytest.mark.parametrize(
    ("rest", "taken"),
    [
        (ACCOUNT, True),
        (f"{ACCOUNT}/", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("/", False),
        ("a/b", False),
        ("..", False),
        ("a b", False),
        ("令牌", False),
        ("a\n", False),
        ("$APPID$", False),
    ],
)
def test_only_what_could_be_an_appid_is_an_address(rest: str, *, taken: bool) -> None:
    assert component().takes_address(rest) is taken


def test_tickets_and_codes_are_named_as_credentials_and_messages_hold_none() -> None:
    _, event = received(component(), sent(own_event("authorized", AuthorizationCode="c", PreAuthCode="p")))
    assert set(component().credential_places(event.data).fields) >= {"AuthorizationCode", "PreAuthCode"}
    assert not component().credential_places({"MsgType": "text"}).fields


def test_with_its_secret_it_offers_everything_and_without_it_callbacks_alone() -> None:
    assert all(isinstance(component(), port) for port in PORTS)
    own = PLATFORM.settings.model_validate(SETTINGS | {"component_app_secret": ""})
    inbox = PLATFORM.open("component", own)
    assert [isinstance(inbox, port) for port in PORTS] == [True, True, True, False, False, False]


def test_every_accepted_body_is_proven() -> None:
    assert component().signature_covers is Coverage.BODY
    assert component().advice is None


@pytest.mark.parametrize("keys", [{"mode": "plain"}, {"allow_unsigned": True}])
def test_nothing_unencrypted_can_be_configured(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        component(**keys)
