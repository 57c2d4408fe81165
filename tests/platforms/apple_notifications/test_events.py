"""What a notification of the App Store says: type, key, what its signed texts say, and its four kinds of parts."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.values import Outcome, Situation, Verified
from sandbox.platforms.apple_notifications.signer import signed
from tests.platforms.apple_notifications.posting import (
    APP,
    BUNDLE,
    RENEWAL,
    SIGNED_AT,
    TRANSACTION,
    channel,
    notification,
    payload,
)
from tests.platforms.deliveries import NOW
from tests.platforms.recorded import judge


def event_of(request: Any, **settings: Any) -> Any:
    judged = judge(channel(**settings), request)
    assert judged.outcome == "accept", judged.why
    return judged.events[0]


def test_type_key_and_time_are_the_notifications_own() -> None:
    event = event_of(notification())
    assert (event.type, event.key, event.occurred_at) == ("DID_RENEW.BILLING_RECOVERY", "uuid-1", NOW)
    assert event_of(notification(subtype=None)).type == "DID_RENEW"


def test_what_the_signed_texts_say_stands_beside_them() -> None:
    data = event_of(notification()).data["data"]
    assert (data["transactionInfo"], data["renewalInfo"]) == (TRANSACTION, RENEWAL)
    assert data["signedTransactionInfo"].count(".") == 2


def test_a_text_within_that_is_no_signature_stays_a_text() -> None:
    data = event_of(notification({"signedTransactionInfo": "not signed"})).data["data"]
    assert data["signedTransactionInfo"] == "not signed"
    assert "transactionInfo" not in data


def test_a_summary_names_the_app_too() -> None:
    summary = {"bundleId": BUNDLE, "appAppleId": APP, "environment": "Production", "succeededCount": 1}
    event = event_of(
        notification(data=None, summary=summary, notificationType="RENEWAL_EXTENSION", subtype="SUMMARY")
    )
    assert (event.type, event.data["summary"]) == ("RENEWAL_EXTENSION.SUMMARY", summary)


@pytest.mark.parametrize(("identifier", "environment"), [("SANDBOX_1", "Sandbox"), ("1", "Production")])
def test_a_purchase_elsewhere_shows_its_environment_in_its_id(identifier: str, environment: str) -> None:
    token = {"bundleId": BUNDLE, "appAppleId": APP, "externalPurchaseId": identifier}
    request = notification(data=None, externalPurchaseToken=token)
    assert event_of(request, environment=environment).key == "uuid-1"
    other = "Sandbox" if environment == "Production" else "Production"
    assert judge(channel(environment=other), request).why == "wrong_environment"


def test_an_app_transaction_is_opened() -> None:
    said = {"bundleId": BUNDLE, "receiptCreationDate": SIGNED_AT}
    part = {
        "bundleId": BUNDLE,
        "appAppleId": APP,
        "environment": "Production",
        "signedAppTransactionInfo": signed(said),
    }
    assert event_of(notification(data=None, appData=part)).data["appData"]["appTransactionInfo"] == said


@pytest.mark.parametrize("kind", [None, "", 5, "x" * 65, "ABONNÉ"])
def test_a_notification_has_a_type_and_an_id(kind: Any) -> None:
    assert judge(channel(), notification(notificationType=kind)).why == "bad_notification_type"
    assert judge(channel(), notification(notificationUUID=kind)).why == "bad_notification_id"


@pytest.mark.parametrize(
    ("environment", "situation", "status"),
    [
        ("Production", Situation.ACCEPTED, 200),
        ("Production", Situation.HANDLER_FAILED, 500),
        ("Production", Situation.COME_AGAIN, 503),
        ("Sandbox", Situation.HANDLER_FAILED, 200),
        ("Sandbox", Situation.COME_AGAIN, 200),
    ],
)
def test_only_production_is_told_of_failures(environment: str, situation: Situation, status: int) -> None:
    source = channel(environment=environment)
    request = notification({"environment": environment})
    outcome = Outcome(situation, "evt", event_of(request, environment=environment), now=NOW)
    assert source.acknowledge(request, Verified("app-store-jws"), outcome).status == status
    assert source.retries_failed_answers is (environment == "Production")


def test_the_payload_of_the_tests_is_what_is_signed() -> None:
    assert payload()["data"]["bundleId"] == BUNDLE
