"""PyCryptodome as an independent judge, with the text that is signed and its checksum written here once more, by hand."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from sandbox.platforms.paypal import keys
from tests.platforms.paypal.posting import BODY, PEM, TIME, TRANSMISSION, WEBHOOK_ID, channel, remote, webhook
from tests.platforms.recorded import judge

PUBLIC = RSA.import_key(PEM)
PRIVATE = RSA.import_key(b64decode(keys.PRIVATE_KEY))


def checksum(body: bytes) -> int:
    """CRC-32 bit by bit, from its polynomial (ISO 3309)."""
    register = 0xFFFFFFFF
    for byte in body:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def digest_of(body: bytes) -> Any:
    return SHA256.new(f"{TRANSMISSION}|{TIME}|{WEBHOOK_ID}|{checksum(body)}".encode())


def believed(body: bytes, signature: str) -> bool:
    try:
        pkcs1_15.new(PUBLIC).verify(digest_of(body), b64decode(signature))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "body", [BODY, b"{}", b"", '{"id":"你好"}'.encode()], ids=["event", "braces", "empty", "chinese"]
)
def test_both_believe_the_same_signatures(body: bytes) -> None:
    signature = dict(webhook(body).headers)["PAYPAL-TRANSMISSION-SIG"]
    assert believed(body, signature)
    assert not believed(body + b" ", signature)
    assert judge(channel(), webhook(body)._replace(body=body + b" "), remote()).why == "bad_signature"


def test_we_believe_what_the_other_implementation_signs() -> None:
    signature = b64encode(pkcs1_15.new(PRIVATE).sign(digest_of(BODY))).decode()
    assert judge(channel(), webhook(PAYPAL_TRANSMISSION_SIG=signature), remote()).outcome == "accept"
