"""Callbacks of a suite: recorded cases, three receivers under one key, whose events they are, and the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.accounts import AccountSource, AuthorisationPages
from app.core.address_ports import SubAddresses
from app.core.errors import VerificationError
from app.core.ports import AppTokenSource, CredentialBearer, WebhookSource
from app.core.values import Coverage, InboundRequest, Situation
from app.platforms.wecom_suite import PLATFORM, SuiteConnector
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
from tests.platforms.wecom_suite.suite import (
    AES_KEY,
    COMPANY,
    OTHER_AES_KEY,
    PROVIDER,
    SETTINGS,
    SUITE_ID,
    TOKEN,
    VECTORS,
    command,
    commanded,
    encrypted,
    message,
    of_company,
    proven,
    suite,
)

ACCEPTED = [case for case in VECTORS["cases"] if case["expect"] == "accept"]
REFUSED = [case for case in VECTORS["cases"] if case["expect"] == "refuse"]
CHECKS = [case for case in VECTORS["cases"] if case["expect"] == "handshake"]
PORTS = (WebhookSource, SubAddresses, CredentialBearer, AppTokenSource, AccountSource, AuthorisationPages)


def of_vectors(*, names_provider: bool = True) -> SuiteConnector:
    own = VECTORS["settings"]
    keys = {"suite_id": own["suite_id"], "token": own["token"], "encoding_aes_key": own["encoding_aes_key"]}
    return suite(**keys, **({"provider_corp_id": own["provider_corpid"]} if names_provider else {}))


def request_of(case: Any) -> InboundRequest:
    is_data = case["path"].startswith("/suite/data/")
    company = "/" + case["path"].removeprefix("/suite/data/") if is_data else ""
    return recorded_request(case, f"/webhooks/suite{company}", VECTORS["now"])


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_a_recorded_case_is_read_and_answered(case: Any) -> None:
    check_accepted(of_vectors(), request_of(case), case)


@pytest.mark.parametrize("names_provider", [True, False])
@pytest.mark.parametrize("case", CHECKS, ids=lambda case: case["name"])
def test_a_recorded_check_of_the_address_is_answered(case: Any, *, names_provider: bool) -> None:
    connector, request = of_vectors(names_provider=names_provider), request_of(case)
    reply = connector.challenge(request, connector.verify(request, NOW))
    assert reply is not None
    assert (reply.status, reply.body.decode()) == (case["reply"]["status"], case["reply"]["body"])


@pytest.mark.parametrize("names_provider", [True, False])
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_a_recorded_forgery_is_refused(case: Any, *, names_provider: bool) -> None:
    check_refused(of_vectors(names_provider=names_provider), request_of(case))


def test_a_check_for_another_provider_is_refused_where_ours_is_named() -> None:
    request = proven(encrypted(b"123", "wwanother"), method="GET")
    assert refused(suite(provider_corp_id=PROVIDER), request).reason == "wrong_aes_key_or_receive_id"


def test_a_check_is_not_opened_before_its_signature_fits() -> None:
    request = proven(encrypted(b"123", SUITE_ID), method="GET")
    spoilt = request._replace(query_string=request.query_string.replace("msg_signature=", "msg_signature=0"))
    assert refused(suite(), spoilt).reason == "bad_signature"


def test_the_check_of_the_data_address_may_come_with_the_consoles_own_placeholder() -> None:
    request = proven(encrypted(b"123", PROVIDER), "/webhooks/suite/$CORPID$", method="GET")
    reply = suite().challenge(request, suite().verify(request, NOW))
    assert reply is not None
    assert reply.body == b"123"


@pytest.mark.parametrize("receive_id", [COMPANY, PROVIDER, ""])
def test_an_event_of_the_suite_must_be_encrypted_for_the_suite(receive_id: str) -> None:
    text = command("cancel_auth", AuthCorpId=COMPANY)
    for to in (SUITE_ID, receive_id):
        refused(suite(), proven(encrypted(text, receive_id), to=to))


def test_an_event_of_another_suite_is_not_ours() -> None:
    text = command("suite_ticket", SuiteId="wwanother", SuiteTicket="t")
    assert not is_owned(suite().verify(commanded(text), NOW))


def test_what_is_encrypted_for_one_company_is_refused_at_the_address_of_another() -> None:
    request = proven(encrypted(message(), COMPANY), "/webhooks/suite/wwother", to=COMPANY)
    assert refused(suite(), request).reason == "wrong_aes_key_or_receive_id"


def test_a_message_that_names_another_company_within_is_refused() -> None:
    request = of_company(message(ToUserName="wwother"))
    assert refused(suite(), request).reason == "wrong_ToUserName"


def test_one_address_for_everything_will_do() -> None:
    request = proven(encrypted(message(MsgId=7), COMPANY), to=COMPANY)
    _, event = received(suite(), request)
    assert (event.type, event.key) == ("message.text", f"{COMPANY}:7")


def test_an_event_of_a_company_has_the_platforms_own_name() -> None:
    _, event = received(suite(), of_company(message(MsgType="event", Event="enter_agent")))
    assert event.type == "enter_agent"
    assert event.key is not None
    assert event.key.startswith(f"{COMPANY}:event:")


def test_changes_of_contacts_carry_their_change_and_are_told_apart() -> None:
    texts = [
        command("change_contact", AuthCorpId=COMPANY, ChangeType="create_user", UserID=user)
        for user in ("zhangsan", "lisi")
    ]
    first, second = (received(suite(), commanded(text))[1] for text in texts)
    assert (first.type, first.subject) == ("change_contact.create_user", "zhangsan")
    assert first.key != second.key


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_part_of_the_proof_is_needed(name: str) -> None:
    request = of_company(message())
    pairs = [pair for pair in request.query_string.split("&") if not pair.startswith(f"{name}=")]
    assert refused(suite(), request._replace(query_string="&".join(pairs))).reason == f"missing_{name}"


def test_another_token_is_refused() -> None:
    assert refused(suite(token="another-token"), of_company(message())).reason == "bad_signature"


def test_the_age_is_judged_only_where_it_is_asked_for() -> None:
    request, late = of_company(message()), NOW + timedelta(seconds=301)
    assert suite().verify(request, late)
    with pytest.raises(VerificationError):
        suite(max_age=300).verify(request, late)


@pytest.mark.parametrize("keys", [[OTHER_AES_KEY, AES_KEY], [AES_KEY, OTHER_AES_KEY]])
def test_a_reply_is_encrypted_for_the_company_with_the_keys_that_fitted(keys: list[str]) -> None:
    connector = suite(encoding_aes_key=keys, token=["new-token-1", TOKEN])
    reply = answered(connector, of_company(message()), "hi")
    opened = signer.open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY, receive_id=COMPANY)
    assert (opened["Content"], opened["ToUserName"]) == ("hi", "zhangsan")


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.ACCEPTED, 200),
        (Situation.SUCCESS, 200),
        (Situation.ALREADY_PROCESSED, 200),
        (Situation.HANDLER_FAILED, 500),
        (Situation.COME_AGAIN, 503),
    ],
)
def test_only_what_is_taken_is_success_because_anything_else_is_sent_again(
    situation: Situation, status: int
) -> None:
    reply = answered(suite(), commanded(command("create_auth", AuthCode="c")), "x", situation)
    assert reply.status == status
    assert (reply.body == b"success") is (status == 200)


@pytest.mark.parametrize(
    ("rest", "taken"),
    [
        (COMPANY, True),
        (f"{COMPANY}/", True),
        ("$CORPID$", True),
        ("a" * 65, False),
        ("", False),
        ("a/b", False),
        ("..", False),
        ("令牌", False),
        ("a\n", False),
    ],
)
def test_only_what_could_be_a_company_is_an_address(rest: str, *, taken: bool) -> None:
    assert suite().takes_address(rest) is taken


def test_tickets_and_codes_are_named_as_credentials_and_messages_hold_none() -> None:
    _, event = received(suite(), commanded(command("suite_ticket", SuiteTicket="t")))
    assert "SuiteTicket" in suite().credential_places(event.data).fields
    assert not suite().credential_places({"MsgType": "text"}).fields


def test_with_its_secret_it_offers_everything_and_without_it_callbacks_alone() -> None:
    assert all(isinstance(suite(), port) for port in PORTS)
    inbox = PLATFORM.open("suite", PLATFORM.settings.model_validate(SETTINGS | {"suite_secret": ""}))
    assert [isinstance(inbox, port) for port in PORTS] == [True, True, True, False, False, False]


def test_every_accepted_body_is_proven() -> None:
    assert suite().signature_covers is Coverage.BODY


def test_nothing_unsigned_can_be_configured() -> None:
    with pytest.raises(ValidationError):
        suite(allow_unsigned=True)
