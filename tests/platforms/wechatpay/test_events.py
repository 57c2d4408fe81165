"""What a notification becomes, for whom it must be, and how it is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import RefusedError, UnderPressure, VerificationError
from app.core.values import Outcome, Reply, Situation
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay.channel import channel, take
from tests.platforms.wechatpay.signing import MERCHANT, PAYMENT, notification, sealed

BODY = sealed()


def compared(content: dict[str, Any], **keys: Any) -> list[tuple[str, str | None, tuple[str, ...]]]:
    verified = channel(**keys).verify(notification(sealed(content)), NOW)
    return [(each.name, each.given, each.expected) for each in verified.requirements]


def answered(situation: Situation) -> Reply:
    source, request = channel(), notification(BODY)
    verified = source.verify(request, NOW)
    outcome = Outcome(situation, "evt", source.parse(request, verified), now=NOW, trace_id="t")
    return source.acknowledge(request, verified, outcome)


def test_the_event_is_the_opened_resource_under_the_platforms_own_type_and_id() -> None:
    event = take(notification(BODY))
    assert (event.type, event.key, event.occurred_at) == ("TRANSACTION.SUCCESS", "EV-1", NOW)
    assert event.data == PAYMENT
    assert event.subject == "oPayer1"


@pytest.mark.parametrize(
    "payer",
    [{"payer": {"sp_openid": "o1", "sub_openid": "o2"}}, {"openid": "o1"}, {"payer": None, "openid": "o1"}],
)
def test_the_subject_is_who_paid(payer: dict[str, Any]) -> None:
    assert take(notification(sealed(PAYMENT | {"payer": 5} | payer))).subject == "o1"


def test_a_type_nobody_knows_is_kept_as_it_came() -> None:
    assert take(notification(sealed(event_type="PARKING.ENTERED"))).type == "PARKING.ENTERED"


def test_what_was_opened_is_marked_as_encrypted() -> None:
    verified = channel().verify(notification(BODY), NOW)
    assert verified.is_encrypted
    assert verified.plaintext == json.dumps(PAYMENT).encode()


def test_merchant_and_app_are_compared_with_the_settings() -> None:
    named = {"mchid": "1", "appid": "wx1"}
    assert compared(named) == [("mchid", "1", (MERCHANT["mch_id"],)), ("appid", "wx1", (MERCHANT["app_id"],))]


def test_a_service_provider_is_compared_by_its_own_numbers() -> None:
    named = {"sp_mchid": "1", "sp_appid": "wx1", "sub_mchid": "2", "sub_appid": "wx2"}
    assert [(name, given) for name, given, _ in compared(named)] == [("sp_mchid", "1"), ("sp_appid", "wx1")]


def test_what_a_resource_does_not_name_is_not_compared() -> None:
    assert compared({"out_refund_no": "r"}) == []


def test_a_number_that_is_no_text_fits_nothing() -> None:
    assert compared({"mchid": 1900000109})[0][1] is None


def test_without_an_app_id_every_app_of_the_merchant_is_taken() -> None:
    assert [name for name, *_ in compared(PAYMENT, app_id="")] == ["mchid"]


def test_each_app_id_of_the_list_is_taken() -> None:
    assert compared(PAYMENT, app_id=["wx1", "wx2"])[1][2] == ("wx1", "wx2")


@pytest.mark.parametrize(
    "situation",
    [Situation.ACCEPTED, Situation.SUCCESS, Situation.ALREADY_PROCESSED, Situation.STILL_RUNNING],
)
def test_what_is_stored_is_answered_with_success(situation: Situation) -> None:
    reply = answered(situation)
    assert (reply.status, json.loads(reply.body)) == (200, {"code": "SUCCESS", "message": "成功"})


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.HANDLER_FAILED, 500),
        (Situation.COME_AGAIN, 503),
        (Situation.UNKNOWN_EVENT_TYPE, 400),
    ],
)
def test_what_must_come_again_is_answered_with_fail(situation: Situation, status: int) -> None:
    reply = answered(situation)
    content = json.loads(reply.body)
    assert (reply.status, content["code"], set(content)) == (status, "FAIL", {"code", "message"})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (VerificationError("bad_signature"), 401),
        (RefusedError("rate_limited", "Slow down.", http_status=429), 429),
        (UnderPressure("max_waiting", retry_after=20), 503),
    ],
    ids=["proof", "rate", "pressure"],
)
def test_refusals_keep_their_status_in_the_platforms_own_form(error: Any, status: int) -> None:
    reply = channel().refuse(notification(BODY), error)
    assert reply is not None
    assert reply.status == status
    assert json.loads(reply.body) == {"code": "FAIL", "message": error.message[:256]}
