"""Adyen's own library as an independent judge: it signs as the simulator does, and believes what this channel believes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from Adyen.util import generate_notification_sig, is_valid_hmac_notification

from app.platforms.adyen.items import signature_of, signed_text
from tests.platforms.adyen.sample import ITEM, KEY, notification, signed

ITEMS = (
    ITEM,
    ITEM | {"originalReference": "1234", "eventCode": "REFUND"},
    ITEM | {"merchantReference": "订单-1"},
    ITEM | {"success": "false", "amount": {"currency": "JPY", "value": 0}},
)


@pytest.mark.parametrize("item", ITEMS, ids=["payment", "refund", "Chinese", "failed"])
def test_the_library_signs_as_we_do(item: dict[str, Any]) -> None:
    theirs = generate_notification_sig(item, KEY)
    assert signature_of(bytes.fromhex(KEY), signed_text(item)) == theirs.decode()


@pytest.mark.parametrize("item", ITEMS, ids=["payment", "refund", "Chinese", "failed"])
def test_the_library_believes_what_the_simulator_signs(item: dict[str, Any]) -> None:
    assert is_valid_hmac_notification(json.loads(notification(signed(item))), KEY)
    altered = signed(item) | {"pspReference": "1"}
    assert not is_valid_hmac_notification(json.loads(notification(altered)), KEY)
