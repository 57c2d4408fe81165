"""Which pushes of MNS are proven, whose topic they must be from, and what the three formats become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.values import Outcome, Situation
from app.platforms.aliyun_mns import PLATFORM
from sandbox.cloud_keys import certificate_pem
from sandbox.platforms.aliyun_mns.firing import body_of
from tests.platforms.aliyun_mns.sample import BODY, CERTIFICATE, SETTINGS, push
from tests.platforms.deliveries import NOW
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

FIELDS = {
    "TopicOwner": "1321669497458181",
    "TopicName": "t1",
    "SubscriptionName": "s",
    "MessageId": "M1",
    "Message": "a & b 你",
    "PublishTime": "1780000000000",
}
EVIL = "https://mns-cert.oss-cn-evil.aliyuncs.com/x.pem"


def channel(**keys: Any) -> Any:
    return PLATFORM.open("mns", PLATFORM.settings.model_validate(SETTINGS | keys))


@pytest.mark.parametrize("spelling", ["base64-hex", "base64", "hex"])
def test_every_spelling_of_the_digest_counts(spelling: str) -> None:
    found = event(channel(), push(spelling=spelling))
    assert (found.type, found.key, found.data) == ("t1", "M1", {"Message": BODY.decode()})


@pytest.mark.parametrize("kind", ["JSON", "XML"])
def test_an_envelope_is_read(kind: str) -> None:
    found = event(channel(), push(body_of(kind, FIELDS)))
    assert {name: found.data[name] for name in FIELDS} == FIELDS
    assert found.occurred_at is not None


def test_without_headers_the_envelope_names_message_and_topic() -> None:
    body = json.dumps(FIELDS).encode()
    found = event(channel(), push(body, x_mns_message_id="", x_mns_topic_name="", x_mns_topic_owner=""))
    assert (found.type, found.key) == ("t1", "M1")


def test_a_message_that_looks_like_an_envelope_is_a_message() -> None:
    body = json.dumps(FIELDS | {"MessageId": "another"}).encode()
    assert event(channel(), push(body)).data == {"Message": body.decode()}


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (push()._replace(body=BODY + b"!"), "wrong_body"),
        (push(Content_MD5="AAAA"), "wrong_body"),
        (push(Content_MD5="a94cb07a7154f30e4a09bacfed464653"), "wrong_body"),
        (push(Content_MD5=""), "missing_signature_header"),
        (push(Date=""), "missing_signature_header"),
        (push(Date="yesterday"), "bad_timestamp"),
        (push(Date="Thu, 28 May 2026 20:11:39 GMT"), "timestamp_outside_tolerance"),
        (push(Date="Thu, 28 May 2026 20:41:41 GMT"), "timestamp_outside_tolerance"),
        (push(x_mns_topic_owner="999"), "wrong_topic_owner"),
        (push(x_mns_topic_owner=""), "wrong_topic_owner"),
        (push(x_mns_topic_name="t2"), "wrong_topic_name"),
        (push(x_mns_signing_cert_url=""), "missing_signature_header"),
        (push(x_mns_signing_cert_url="*"), "bad_signature_header"),
        (push(address=EVIL), "bad_key_address"),
        (push()._replace(path="/webhooks/other"), "bad_signature"),
        (push()._replace(query_string="a=1"), "bad_signature"),
        (push()._replace(method="PUT"), "bad_signature"),
        (push()._replace(headers=(*push().headers, ("x-mns-more", "1"))), "bad_signature"),
        (
            push()._replace(headers=(*push().headers, *((f"x-mns-{n}", "1") for n in range(60)))),
            "bad_signature_header",
        ),
        (push()._replace(headers=(*push().headers, ("X-MNS-Topic-Name", "t1"))), "duplicate_header"),
    ],
    ids=[*"abcdefghijklmnopqrst"],
)
def test_what_is_not_this_accounts_is_refused(request_: Any, reason: str) -> None:
    assert refusal(channel(), request_) == reason


def test_a_path_behind_the_channel_and_a_query_are_signed() -> None:
    assert event(channel(), push(path="/webhooks/mns/notifications?env=prod"))
    assert event(channel(), push(path="/webhooks/mns/a%20b")._replace(path="/webhooks/mns/a b"))


def test_the_certificate_is_fetched_from_its_pinned_address() -> None:
    http = RecordedNetwork({CERTIFICATE: certificate_pem()})
    assert isinstance(events_of(channel(public_keys={}), push(), http), list)
    assert [call["url"] for call in http.calls] == [CERTIFICATE]
    assert "https://mnstest.oss-cn-hangzhou.aliyuncs.com:443" in channel().origins


def test_any_topic_of_the_account_is_taken_where_none_is_named() -> None:
    assert event(channel(topic_names=[]), push(x_mns_topic_name="t2")).type == "t2"


def test_a_stored_message_is_answered_without_a_body() -> None:
    source, request = channel(), push()
    outcome = Outcome(Situation.ACCEPTED, "evt", event(source, request), now=NOW, trace_id="t")
    assert source.acknowledge(request, None, outcome)[:2] == (204, b"")


@pytest.mark.parametrize("name", ["x_mns_message_id", "x_mns_topic_name"])
def test_a_push_without_its_names_is_a_payload_error(name: str) -> None:
    left_out: dict[str, Any] = {name: ""}
    assert refusal(channel(topic_names=[]), push(**left_out)).startswith("bad_")
