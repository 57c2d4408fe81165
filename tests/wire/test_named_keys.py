"""Public keys that a request names: their forms, what is too weak, and what a platform's answer may be."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpClient
from app.core.values import InboundRequest, Verified
from app.wire.key_answers import fetched_file
from app.wire.named_keys import NamedKeys
from app.wire.public_keys import (
    is_signed_by_ecdsa,
    is_signed_by_rsa,
    read_key,
    read_key_of_jwk,
    recovered_by_rsa,
)
from sandbox.cloud_keys import EC_KEY, RSA_KEY, certificate_pem, enclose_rsa, public_pem, sign_ecdsa, sign_rsa
from tests.builders import NOW
from tests.platforms.recorded import Remote
from tests.platforms.recorded_cases import answer

RSA, EC = read_key(public_pem(RSA_KEY)), read_key(public_pem(EC_KEY))
SHORT = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2yXcQ6bO1n0h1iZ0ZVf2mZ0nV1h2mB3nqfKm1l9pQ4nCw8m3lq2x0Vb5pXq8m9Yb1m6l2Z7mQk3h5"
    "vQ0uXcQ0CAwEAAQ=="
)
"""An RSA key of 512 bits."""


def test_a_key_is_read_in_every_form_in_which_it_is_handed_out() -> None:
    pem = public_pem(RSA_KEY)
    forms = [pem, pem.replace("\n", "\\n"), pem.replace("\n", ""), certificate_pem(), b64encode(RSA).decode()]
    assert {read_key(form) for form in forms} == {RSA}


def _pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        "é",
        "-----BEGIN PUBLIC KEY-----",
        SHORT,
        _pem(Ed25519PrivateKey.generate().public_key()),
        _pem(generate_private_key(SECP384R1()).public_key()),
    ],
    ids=["empty", "text", "not ASCII", "cut", "RSA-512", "Ed25519", "P-384"],
)
def test_a_key_that_is_weak_or_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_key(text)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        fetched_file(answer(b"", status), "Cloud")


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_is_no_key(status: int) -> None:
    assert fetched_file(answer(b"", status), "Cloud") is None


@pytest.mark.parametrize(("body", "status"), [(b"", 204), (b"", 400), (b"x" * 65_537, 200)])
def test_any_other_answer_is_a_fault_of_the_platform(body: bytes, status: int) -> None:
    with pytest.raises(UpstreamError):
        fetched_file(answer(body, status), "Cloud")


class Cloud(NamedKeys):
    key_owner = "Cloud"

    def key_name(self, request: InboundRequest) -> str:
        return "key"

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        return Verified("cloud")

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        return "<html>"


def test_a_file_that_holds_no_key_is_a_fault_of_the_platform() -> None:
    with pytest.raises(UpstreamError, match="The key of Cloud"):
        Cloud().fetch_keys("key", Remote({}), NOW)


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256"])
def test_an_rsa_signature_fits_its_message_alone(digest: str) -> None:
    signature = sign_rsa(b"message", digest)
    assert is_signed_by_rsa(RSA, message=b"message", signature=signature, digest=digest)
    assert not is_signed_by_rsa(RSA, message=b"massage", signature=signature, digest=digest)
    assert not is_signed_by_rsa(EC, message=b"message", signature=signature, digest=digest)
    assert not is_signed_by_rsa(RSA, message=b"message", signature=b"", digest=digest)


def test_an_ecdsa_signature_fits_its_message_alone() -> None:
    signature = sign_ecdsa(b"message", "sha1")
    assert is_signed_by_ecdsa(EC, message=b"message", signature=signature, digest="sha1")
    assert not is_signed_by_ecdsa(EC, message=b"message", signature=signature, digest="sha256")
    assert not is_signed_by_ecdsa(RSA, message=b"message", signature=signature, digest="sha1")
    assert not is_signed_by_ecdsa(EC, message=b"message", signature=b"\x30", digest="sha1")


def test_what_was_enclosed_is_opened_with_the_public_half() -> None:
    assert recovered_by_rsa(RSA, enclose_rsa(b"one-time key")) == b"one-time key"
    for sealed in (b"", b"x" * 256, enclose_rsa(b"k")[:-1]):
        with pytest.raises(ValueError, match=r".+"):
            recovered_by_rsa(RSA, sealed)


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "RSA"},
    ],
)
def test_a_web_key_that_is_no_point_is_a_fault_of_the_platform(key: dict[str, str]) -> None:
    with pytest.raises(UpstreamError):
        read_key_of_jwk(key, "Shop")
