"""The Douyin third-party platform: recorded messages, what is refused, and an opening written a second time with openssl."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, ParsedEvent
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.deliveries import NOW
from tests.platforms.douyin_thirdparty.sample import APP_ID, CHANNEL, KEY, TICKET, message, posted

RECORDS = records_beside(__file__)
OTHER_KEY = "A" * 43


def take(request: InboundRequest, **changes: Any) -> ParsedEvent:
    source = opened("douyin-thirdparty", CHANNEL | changes)
    event: ParsedEvent = source.parse(request, source.verify(request, NOW))
    return event


def refusal(request: InboundRequest, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        take(request, **changes)
    return caught.value.reason


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_message_is_judged_as_its_record_says(
    record: dict[str, Any], case: dict[str, Any]
) -> None:
    assert fault_of(opened("douyin-thirdparty", record["settings"]), record, case) is None


def test_a_ticket_says_when_it_was_made() -> None:
    event = take(message(TICKET))
    assert (event.type, event.key) == ("PUSH", f"{APP_ID}:PUSH:2026-05-29 04:26:37")
    assert event.occurred_at == datetime(2026, 5, 28, 20, 26, 37, tzinfo=UTC)


def test_a_withdrawal_is_told_apart_by_account_and_time() -> None:
    event = take(message(b'{"Event":"UNAUTHORIZED","AppId":"tt9","CreateTime":"2026-05-29 04:26:37"}'))
    assert (event.key, event.subject) == (f"{APP_ID}:UNAUTHORIZED:tt9:2026-05-29 04:26:37", "tt9")


def test_a_message_without_a_time_has_no_key() -> None:
    assert take(message(b'{"MsgType":"audit"}')).key is None


def test_a_message_without_a_type_is_no_event() -> None:
    with pytest.raises(PayloadError):
        take(message(b'{"Ticket":"x"}'))


@pytest.mark.parametrize("part", ["Nonce", "TimeStamp", "Encrypt", "MsgSignature"])
def test_each_part_is_needed_and_signed(part: str) -> None:
    parts = json.loads(message(TICKET).body)
    assert refusal(posted(json.dumps(parts | {part: ""}).encode())) == "missing_signature"
    assert refusal(posted(json.dumps(parts | {part: 5}).encode())) == "missing_signature"
    assert refusal(posted(json.dumps(parts | {part: parts[part] + "0"}).encode())) == "bad_signature"


@pytest.mark.parametrize(
    "request_",
    [message(TICKET, key=OTHER_KEY), message(TICKET, app_id="tt0"), message(TICKET, random=b"0" * 16)],
    ids=["other key", "other application", "the head of WeChat"],
)
def test_what_was_sealed_otherwise_is_refused(request_: InboundRequest) -> None:
    assert refusal(request_) == "decrypt_failed"


def test_two_tokens_and_keys_count_while_they_change() -> None:
    assert (
        take(message(TICKET), token=["other-token", CHANNEL["token"]], encoding_aes_key=[OTHER_KEY, KEY]).type
        == "PUSH"
    )


def test_a_key_of_another_length_is_told_at_the_start() -> None:
    with pytest.raises(ValidationError, match="43 letters"):
        opened("douyin-thirdparty", CHANNEL | {"encoding_aes_key": "short"})


def test_openssl_opens_the_same_message() -> None:
    """The independent counterpart: the openssl program decrypts what this platform opens."""
    key = base64.b64decode(KEY + "=")
    sealed = base64.b64decode(json.loads(message(TICKET).body)["Encrypt"])
    command = ["openssl", "enc", "-d", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", key[:16].hex()]
    padded = subprocess.run(command, input=sealed, capture_output=True, check=True).stdout
    content = padded[: -padded[-1]]
    length = int.from_bytes(content[32:36], "big")
    assert (content[36 : 36 + length], content[36 + length :]) == (TICKET, APP_ID.encode())
