"""Which notifications of Adyen are proven: every item by itself, and nothing that Adyen does not send."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from app.core.values import Outcome, Situation
from app.platforms.adyen import PLATFORM
from tests.platforms.adyen.sample import ITEM, KEY, SETTINGS, notification, prove, signed
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.recorded_cases import check_case, event, refusal

PUBLISHED = json.loads(Path(__file__).with_name("published.json").read_text("utf-8"))
OTHER = {"hmac_key_hex": "AB" * 32}


def channel(**keys: Any) -> Any:
    return PLATFORM.open("adyen", PLATFORM.settings.model_validate(SETTINGS | keys))


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: case["name"])
def test_the_published_example_and_its_forgeries(case: dict[str, Any]) -> None:
    check_case(channel(hmac_key_hex=PUBLISHED["settings"]["secrets"]), case, PUBLISHED["now"], {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pspReference", "7914073381342285"),
        ("originalReference", "1"),
        ("merchantReference", "Order:2"),
        ("amount", {"currency": "EUR", "value": 1}),
        ("amount", {"currency": "USD", "value": 1130}),
        ("eventCode", "REFUND"),
        ("success", "false"),
    ],
)
def test_a_changed_field_is_found_out(field: str, value: Any) -> None:
    assert refusal(channel(), delivery(notification(signed(ITEM) | {field: value}))) == "bad_signature"


def test_a_colon_cannot_move_from_one_field_to_another() -> None:
    item = signed(ITEM | {"merchantReference": "a:b"})
    moved = item | {"merchantAccountCode": "TestMerchant:a", "merchantReference": "b"}
    assert refusal(channel(merchant_accounts=[]), delivery(notification(moved))) == "unreadable_item"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unreadable_body"),
        (b"[]", "unreadable_body"),
        (b'{"notificationItems":[],"notificationItems":[]}', "unreadable_body"),
        (b'{"notificationItems":{}}', "no_items"),
        (notification(), "no_items"),
        (notification(*[signed(ITEM)] * 1001), "no_items"),
        (notification(signed(ITEM), None), "unreadable_item"),
        (notification(ITEM), "missing_signature"),
        (notification(ITEM | {"additionalData": {"hmacSignature": ""}}), "missing_signature"),
        (notification(ITEM | {"additionalData": {"hmacSignature": 5}}), "missing_signature"),
        (notification(signed(ITEM) | {"success": True}), "unreadable_item"),
        (notification(signed(ITEM) | {"amount": {"value": 11.3, "currency": "EUR"}}), "unreadable_item"),
        (notification(signed(ITEM) | {"amount": {"value": True, "currency": "EUR"}}), "unreadable_item"),
        (notification(signed(ITEM), signed(ITEM, "AB" * 32)), "bad_signature"),
    ],
    ids=[*"abcdefghijklmn"],
)
def test_what_adyen_does_not_send_is_refused(body: bytes, reason: str) -> None:
    assert refusal(channel(), delivery(body)) == reason


def test_both_keys_count_while_one_is_exchanged() -> None:
    assert (
        event(channel(hmac_key_hex=["AB" * 32, KEY]), prove(notification(ITEM))).key
        == "7914073381342284:AUTHORISATION"
    )


def test_an_item_of_another_account_is_refused() -> None:
    request = prove(notification(ITEM, ITEM | {"merchantAccountCode": "OtherMerchant"}))
    assert refusal(channel(), request) == "wrong_merchantAccountCode"


def test_a_failure_and_the_success_after_it_are_two_events() -> None:
    failed = event(channel(), prove(notification(ITEM | {"success": "false"})))
    paid = event(channel(), prove(notification(ITEM)))
    assert (failed.key, paid.key) == (
        "7914073381342284:AUTHORISATION:false",
        "7914073381342284:AUTHORISATION",
    )
    assert paid.occurred_at == NOW


@pytest.mark.parametrize("pair", ["adyen:wrong", "other:password-1", "adyen", ""])
def test_basic_authentication_counts_where_it_is_set(pair: str) -> None:
    source, request = channel(username="adyen", password="password-1"), prove(notification(ITEM))

    def with_pair(text: str) -> Any:
        value = "Basic " + b64encode(text.encode()).decode()
        return request._replace(headers=(*request.headers, ("Authorization", value)))

    assert refusal(source, with_pair(pair)) == "bad_password"
    assert event(source, with_pair("adyen:password-1"))


def test_only_what_is_stored_is_accepted() -> None:
    source, request = channel(), prove(notification(ITEM))
    outcome = Outcome(Situation.ALREADY_PROCESSED, "evt", event(source, request), now=NOW, trace_id="t")
    assert source.acknowledge(request, None, outcome).body == b"[accepted]"
    failed = source.acknowledge(request, None, outcome._replace(situation=Situation.HANDLER_FAILED))
    assert (failed.status, b"[accepted]" in failed.body) == (500, False)


@pytest.mark.parametrize("key", ["text", "AB" * 31, "G" * 64, "AB" * 33])
def test_a_key_that_is_not_hexadecimal_is_told_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        channel(hmac_key_hex=key)
