"""Which messages of SMN are proven, about which topic, and that no line feed turns one message into another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.platforms.huawei_smn import PLATFORM
from sandbox.cloud_keys import certificate_pem
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.huawei_smn.sample import CERTIFICATE, MESSAGE, SETTINGS, TOPIC, message
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

CONFIRMATION = {
    "type": "SubscriptionConfirmation",
    "subject": None,
    "subscribe_url": "https://console.huaweicloud.com/smn/subscription/confirm?token=1",
}
EVIL = "urn:smn:cn-north-4:00000000000000000000000000000000:evil"


def channel(**keys: Any) -> Any:
    return PLATFORM.open("smn", PLATFORM.settings.model_validate(SETTINGS | keys))


def test_the_data_are_what_the_signature_covers() -> None:
    found = event(channel(), delivery(message(unsubscribe_url="https://evil.example/", more="x")))
    assert (found.type, found.key, found.subject) == ("Notification", MESSAGE["message_id"], "demo")
    assert set(found.data) == {"message", "message_id", "subject", "timestamp", "topic_urn", "type"}
    assert found.occurred_at == NOW


@pytest.mark.parametrize("subject", ["", None])
def test_a_message_without_a_subject_is_signed_without_one(subject: str | None) -> None:
    assert "subject" not in event(channel(), delivery(message({"subject": subject}))).data


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_confirmation_is_an_event_with_its_address(kind: str) -> None:
    found = event(channel(), delivery(message(CONFIRMATION | {"type": kind})))
    assert (found.type, found.data["subscribe_url"]) == (kind, CONFIRMATION["subscribe_url"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unreadable_body"),
        (b"{}", "missing_signature"),
        (message(signature=""), "missing_signature"),
        (message(signature=None), "missing_signature"),
        (message(signature="*"), "bad_signature"),
        (message(signature="A" * 3000), "missing_signature"),
        (message(signature="AAAA"), "bad_signature"),
        (message(message="other"), "bad_signature"),
        (message(subject="other"), "bad_signature"),
        (message(subject=None), "bad_signature"),
        (message(message_id="other"), "bad_signature"),
        (message(timestamp="2026-05-28T20:26:41Z"), "bad_signature"),
        (message(CONFIRMATION, subscribe_url="https://evil.example/"), "bad_signature"),
        (message(type="Other"), "unknown_message_type"),
        (message(type=["Notification"]), "unknown_message_type"),
        (message(message_id=5), "unreadable_message"),
        (message({"subject": "a\nb"}), "unreadable_message"),
        (message({"topic_urn": EVIL}), "wrong_topic_urn"),
        (message(signature_version="v2"), "algorithm_not_allowed"),
        (message(signing_cert_url=None), "missing_signature"),
        (message(signing_cert_url="https://evil.obs.cn-north-4.myhuaweicloud.com/x.pem"), "bad_key_address"),
        (message(signing_cert_url="https://smn.cn-south-1.myhuaweicloud.com/smn/x.pem"), "bad_key_address"),
    ],
    ids=[*"abcdefghijklmnopqrstuv"],
)
def test_what_smn_does_not_send_is_refused(body: bytes, reason: str) -> None:
    assert refusal(channel(), delivery(body)) == reason


def test_lines_within_a_message_do_not_make_another_topic() -> None:
    """A stranger signs a message about his topic whose text holds the lines of ours; no reading of them is ours."""
    text = f"x\nmessage_id\n1\ntimestamp\n2026\ntopic_urn\n{TOPIC}\ntype\nNotification"
    stranger = json.loads(message({"topic_urn": EVIL, "message": text, "subject": None}))
    assert refusal(channel(), delivery(json.dumps(stranger).encode())) == "wrong_topic_urn"
    kept = f"Notification\nmessage_id\n{MESSAGE['message_id']}\ntimestamp\n{MESSAGE['timestamp']}\ntopic_urn\n{EVIL}\ntype\nNotification"
    forged = stranger | {
        "message": "x",
        "message_id": "1",
        "timestamp": "2026",
        "topic_urn": TOPIC,
        "type": kept,
    }
    assert refusal(channel(), delivery(json.dumps(forged).encode())) == "unknown_message_type"


def test_the_certificate_is_fetched_from_the_topics_own_region() -> None:
    http = RecordedNetwork({CERTIFICATE: certificate_pem()})
    assert isinstance(events_of(channel(public_keys={}), delivery(message()), http), list)
    assert [call["url"] for call in http.calls] == [CERTIFICATE]
    assert "https://smn.cn-north-4.myhuaweicloud.com:443" in channel().origins


@pytest.mark.parametrize("urn", ["", "urn:smn:cn-north-4:p", "urn:smn:evil.example/:p:t", "urn:smn:a:b:c\n"])
def test_a_topic_of_another_form_is_told_at_the_start(urn: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        channel(topic_urns=urn)
