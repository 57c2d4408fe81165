"""What a WeChat Pay channel takes as keys, and what is told where one is wrong or missing."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import ValidationError

from app.platforms.wechatpay import PLATFORM
from app.platforms.wechatpay.settings import WechatpaySettings
from sandbox.platforms.wechatpay import keys
from tests.platforms.wechatpay.channel import take
from tests.platforms.wechatpay.signing import (
    API_V3_KEY,
    CERTIFICATE,
    DOWNLOADS,
    MERCHANT,
    PUBLIC_KEYS,
    notification,
    sealed,
)

IDENTIFIER = keys.PUBLIC_KEY_ID
CURVE = ec.generate_private_key(ec.SECP256R1())
LOCKED = rsa.generate_private_key(65537, 2048)


def settings(**changes: Any) -> WechatpaySettings:
    read = PLATFORM.settings.model_validate(MERCHANT | changes)
    assert isinstance(read, WechatpaySettings)
    return read


def pem(raw: bytes) -> str:
    return raw.decode()


PUBLIC_PEM = f"-----BEGIN PUBLIC KEY-----\n{keys.PUBLIC_KEY}\n-----END PUBLIC KEY-----\n"
CURVE_PEM = pem(CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
WEAK_PEM = pem(
    rsa.generate_private_key(65537, 1024)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
CURVE_PRIVATE = pem(CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
LOCKED_PRIVATE = pem(LOCKED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


@pytest.mark.parametrize(
    "written",
    [PUBLIC_PEM, PUBLIC_PEM.replace("\n", "\\n"), f"\r\n{PUBLIC_PEM}  ", keys.PUBLIC_KEY],
    ids=[*"abcd"],
)
def test_a_public_key_may_be_pem_or_its_base64(written: str) -> None:
    assert take(notification(sealed()), public_keys={IDENTIFIER: written}).key == "EV-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"mch_id": ""},
        {"api_v3_key": "short"},
        {"api_v3_key": [API_V3_KEY, API_V3_KEY + "x"]},
        {"api_v3_key": "é" * 31},
        {"public_keys": {"PUB_KEY": keys.PUBLIC_KEY}},
        {"public_keys": {IDENTIFIER: "no key"}},
        {"public_keys": {IDENTIFIER: CURVE_PEM}},
        {"public_keys": {IDENTIFIER: WEAK_PEM}},
        {"public_keys": {IDENTIFIER: CERTIFICATE}},
        {"public_keys": [keys.PUBLIC_KEY]},
        {"certificates": "no certificate"},
        {"certificates": PUBLIC_PEM},
        {"certificates": "-----BEGIN CERTIFICATE-----" * 10_000},
        {"merchant_serial": "not hex"},
        {"merchant_private_key": keys.PUBLIC_KEY},
        {"merchant_private_key": CURVE_PRIVATE},
        {"merchant_private_key": LOCKED_PRIVATE},
        {"merchant_private_key": "é"},
    ],
    ids=[*"abcdefghijklmnopqr"],
)
def test_a_key_that_cannot_be_used_is_a_settings_fault_that_does_not_show_it(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)
    assert API_V3_KEY not in str(caught.value)
    assert keys.PUBLIC_KEY[40:80] not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (PUBLIC_KEYS, None),
        ({"certificates": CERTIFICATE}, None),
        (DOWNLOADS, None),
        (PUBLIC_KEYS | {"api_v3_key": ""}, "api_v3_key"),
        ({}, "public_keys"),
        ({"public_keys": {IDENTIFIER: ""}, "certificates": [""]}, "public_keys"),
        ({"merchant_serial": keys.MERCHANT_SERIAL}, "merchant_private_key"),
        ({"merchant_private_key": keys.MERCHANT_PRIVATE_KEY}, "merchant_serial"),
    ],
    ids=[*"abcdefgh"],
)
def test_what_is_missing_for_callbacks_is_named(changes: dict[str, Any], missing: str | None) -> None:
    assert settings(**changes).missing_signature_secret() == missing
