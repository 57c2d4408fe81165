"""Standard Webhooks: the published vectors, the reference library as signer, and every altered byte."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.standard_webhooks import PLATFORM, StandardWebhooksCallbacks
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook

BODY = json.dumps(
    {"type": "invoice.paid", "timestamp": "2026-05-28T20:26:40Z", "data": {"user_id": "u"}}
).encode()
VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["cases"]


def channel(**keys: Any) -> StandardWebhooksCallbacks:
    opened = PLATFORM.open("sw", PLATFORM.settings.model_validate({"secret": WEBHOOK_SECRET} | keys))
    assert isinstance(opened, StandardWebhooksCallbacks)
    return opened


def take(request: InboundRequest, now: datetime = NOW, **keys: Any) -> ParsedEvent:
    source = channel(**keys)
    verified = source.verify(request, now)
    assert source.challenge(request, verified) is None
    return source.parse(request, verified)


def refusal(request: InboundRequest, now: datetime = NOW, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**keys).verify(request, now)
    return caught.value.reason


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_the_recorded_vectors_agree(case: dict[str, Any]) -> None:
    request = delivery(base64.b64decode(case["request"]["body_base64"]), case["request"]["headers"])
    now = datetime.fromtimestamp(case["now"], UTC)
    if not case["expect"]["valid"]:
        refusal(request, now, secret=case["secrets"])
        return
    event = take(request, now, secret=case["secrets"])
    assert (event.key, event.type) == (case["expect"]["event_id"], case["expect"]["event_type"])


def test_the_reference_library_signs_and_we_agree() -> None:
    signature = Webhook(WEBHOOK_SECRET).sign("msg_7", NOW, BODY.decode())
    request = delivery(
        BODY, {"Webhook-Id": "msg_7", "Webhook-Timestamp": str(SECONDS), "Webhook-Signature": signature}
    )
    assert take(request).key == "msg_7"
    for header in range(3):
        for position in range(len(request.headers[header][1])):
            assert refusal(_altered(request, header, position))
    for position in range(len(BODY)):
        body = bytearray(BODY)
        body[position] ^= 1
        assert refusal(request._replace(body=bytes(body))) == "bad_signature"


def _altered(request: InboundRequest, header: int, position: int) -> InboundRequest:
    name, value = request.headers[header]
    other = value[:position] + chr(ord(value[position]) ^ 1) + value[position + 1 :]
    return request._replace(
        headers=(*request.headers[:header], (name, other), *request.headers[header + 1 :])
    )


def test_the_subject_and_the_time_are_read() -> None:
    event = take(webhook(BODY))
    assert (event.subject, event.occurred_at) == ("u", NOW)


@pytest.mark.parametrize("prefix", ["webhook", "svix"])
@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
def test_an_incomplete_set_of_headers_is_refused(prefix: str, missing: str) -> None:
    request = webhook(BODY, prefix=prefix)
    kept = tuple(pair for pair in request.headers if pair[0] != f"{prefix}-{missing}")
    assert refusal(request._replace(headers=kept)) == "missing_signature"


@pytest.mark.parametrize("moved", ["id", "timestamp", "signature"])
def test_the_two_sets_are_never_mixed(moved: str) -> None:
    request = webhook(BODY)
    mixed = tuple(
        (f"svix-{moved}" if name == f"webhook-{moved}" else name, value) for name, value in request.headers
    )
    assert refusal(request._replace(headers=mixed)) == "missing_signature"


def test_the_signed_id_is_the_key_although_the_other_set_names_another() -> None:
    request = webhook(BODY)
    both = (("svix-id", "msg_other"), ("svix-timestamp", "1"), *request.headers)
    assert take(request._replace(headers=both)).key == "msg_1"


def test_a_stray_header_of_the_other_set_does_not_hide_a_complete_one() -> None:
    request = webhook(BODY, prefix="svix")
    assert take(request._replace(headers=(("webhook-id", "msg_other"), *request.headers))).key == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_timestamp_outside_the_window_is_refused(seconds: int) -> None:
    assert refusal(webhook(BODY), NOW + timedelta(seconds=seconds)) == "timestamp_outside_tolerance"


def test_every_secret_of_the_list_is_accepted() -> None:
    assert (
        take(webhook(BODY), secret=["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", WEBHOOK_SECRET]).key == "msg_1"
    )


def test_many_signatures_are_bounded() -> None:
    request = webhook(BODY)
    good = request.headers[2][1]
    flood = (*request.headers[:2], ("webhook-signature", "v1,AAAA " * 100_000 + good))
    assert refusal(request._replace(headers=flood)) == "bad_signature"


def test_without_a_secret_everything_is_refused() -> None:
    assert refusal(webhook(BODY, key=b""), secret="") == "bad_signature"
    assert PLATFORM.settings.model_validate({}).missing_signature_secret() == "secret"


def test_unsigned_is_taken_only_where_written_down() -> None:
    assert take(delivery(BODY), secret="", allow_unsigned=True).key is None
    assert refusal(delivery(BODY), allow_unsigned=True) == "missing_signature"


@pytest.mark.parametrize(
    "secret", ["plain text", "whsec_", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "é"]
)
def test_a_secret_that_is_not_base64_is_a_settings_fault(secret: str) -> None:
    with pytest.raises(ValidationError):
        channel(secret=secret)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"type":5}', b'{"type":""}', b'{"type":"a\\nb"}', b"\xff", b"[" * 1_000_000]
)
def test_a_signed_body_without_a_type_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        take(webhook(body))


@pytest.mark.parametrize("timestamp", ["nonsense", [], True])
def test_an_odd_timestamp_in_the_body_is_passed_over(timestamp: Any) -> None:
    assert take(webhook(json.dumps({"type": "t", "timestamp": timestamp}).encode())).occurred_at is None
