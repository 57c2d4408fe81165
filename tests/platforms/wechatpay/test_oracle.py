"""wechatpayv3 as an independent judge: it takes what the simulator sends, and refuses and signs as we do."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from wechatpayv3.utils import aes_decrypt, build_authorization, load_private_key, load_public_key, rsa_verify

from sandbox.platforms.wechatpay import keys
from sandbox.platforms.wechatpay.signer import authorization_fault
from tests.platforms.wechatpay.channel import refusal, take
from tests.platforms.wechatpay.signing import API_V3_KEY, MERCHANT, PAYMENT, notification, sealed

PUBLIC = load_public_key(
    load_der_public_key(b64decode(keys.PUBLIC_KEY))
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
BODY = sealed()


def believed(body: bytes, headers: dict[str, Any]) -> bool:
    """Say what the library thinks of a signature."""
    return bool(
        rsa_verify(
            headers["Wechatpay-Timestamp"],
            headers["Wechatpay-Nonce"],
            body.decode(),
            headers["Wechatpay-Signature"],
            PUBLIC,
        )
    )


def test_the_library_believes_what_we_believe() -> None:
    request = notification(BODY)
    assert believed(request.body, dict(request.headers))
    assert take(request).data == PAYMENT


@pytest.mark.parametrize("position", range(0, len(BODY), 37))
def test_neither_believes_an_altered_body(position: int) -> None:
    request = notification(BODY)
    altered = bytearray(BODY)
    altered[position] ^= 1
    assert not believed(bytes(altered), dict(request.headers))
    assert refusal(request._replace(body=bytes(altered))) == "bad_signature"


def test_the_library_opens_the_same_resource() -> None:
    resource = json.loads(BODY)["resource"]
    opened = aes_decrypt(resource["nonce"], resource["ciphertext"], resource["associated_data"], API_V3_KEY)
    assert json.loads(opened) == take(notification(BODY)).data


def test_the_simulator_takes_a_request_that_the_library_signed() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\n" + keys.MERCHANT_PRIVATE_KEY + "\n-----END PRIVATE KEY-----"
    header = build_authorization(
        "/v3/certificates",
        "GET",
        MERCHANT["mch_id"],
        keys.MERCHANT_SERIAL,
        load_private_key(pem),
        data=None,
        nonce_str="N" * 32,
    )
    assert (
        authorization_fault(header, mch_id=MERCHANT["mch_id"], path="/v3/certificates", now=time.time())
        is None
    )
