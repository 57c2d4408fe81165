"""The recorded notifications, requests and certificate list of WeChat Pay."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.ports import HttpAnswer
from app.core.values import ParsedEvent
from app.platforms.wechatpay import PLATFORM
from app.platforms.wechatpay.downloads import WechatpayDownloads
from app.platforms.wechatpay.keys import name_of, platform_certificates
from app.security.strict_json import parse_json_exactly
from tests.platforms.deliveries import delivery
from tests.platforms.wechatpay.scripted import ScriptedPay

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
KEYS = VECTORS["keys"]


def merchant(**changes: Any) -> Any:
    settings = {
        "mch_id": VECTORS["mchid"],
        "app_id": VECTORS["appid"],
        "api_v3_key": VECTORS["apiv3_key"],
        "public_keys": {KEYS["public_key_id"]: KEYS["public_key_pem"]},
        "certificates": [KEYS["platform_cert_pem"], KEYS["platform2_cert_pem"]],
        "merchant_serial": KEYS["merchant_cert_serial"],
        "merchant_private_key": KEYS["merchant_private_key_pem"],
    }
    return PLATFORM.open("pay", PLATFORM.settings.model_validate(settings | changes))


def judged(case: dict[str, Any]) -> tuple[ParsedEvent, bool] | None:
    """Return the event and whether it is the channel's own, None when it was refused."""
    source = merchant()
    request = delivery(case["request"]["body_text"].encode(), case["request"]["headers"])
    try:
        verified = source.verify(request, datetime.fromtimestamp(case["now"], UTC))
        event = source.parse(request, verified)
    except (VerificationError, PayloadError):
        return None
    return event, all(each.given in each.expected for each in verified.requirements)


@pytest.mark.parametrize("case", VECTORS["notifications"], ids=lambda case: case["name"])
def test_the_recorded_notifications_agree(case: dict[str, Any]) -> None:
    expected, found = case["expect"], judged(case)
    assert (found is not None) is expected["accepted"]
    if found is None:
        return
    event, is_own = found
    assert (event.key, event.type) == (expected["event_id"], expected["event_type"])
    assert event.data == json.loads(expected["decrypted_text"])
    assert is_own is ("other mchid" not in case["name"])


@pytest.mark.parametrize("case", VECTORS["signed_requests"], ids=lambda case: case["name"])
def test_requests_are_signed_as_recorded(case: dict[str, Any]) -> None:
    source = merchant()
    assert isinstance(source, WechatpayDownloads)
    now = datetime.fromtimestamp(int(case["timestamp"]), UTC)
    body = case["body_text"].encode()
    header = source.authorization(case["method"], case["path"], body, now=now, nonce=case["nonce"])
    assert header == case["authorization_example"]


def test_the_recorded_list_of_certificates_is_opened_and_proven() -> None:
    recorded = VECTORS["certificate_download"]
    body = recorded["response_body_text"].encode()
    answer = HttpAnswer(200, recorded["response_headers"], body, lambda: parse_json_exactly(body))
    source = merchant(certificates=[], public_keys={})
    now = datetime.fromtimestamp(int(recorded["response_headers"]["Wechatpay-Timestamp"]), UTC)
    found = source.fetch_keys("A57F09EFDC096DE15EBE81A47057A7212345679", ScriptedPay(answer), now)
    (certificate,) = platform_certificates(recorded["decrypted_certificate_pem"])
    assert name_of(certificate) in found
