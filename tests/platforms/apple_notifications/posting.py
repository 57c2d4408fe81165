"""Notifications of the App Store with the simulator's signature, chains made for a test, and a channel that takes them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from app.core.values import InboundRequest
from sandbox.platforms.apple_notifications import keys
from sandbox.platforms.apple_notifications.signer import root_pem, signed
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.recorded import opened

BUNDLE = "com.example.app"
APP = 1234567890
SETTINGS = {"bundle_id": BUNDLE, "app_apple_id": APP, "root_certs_pem": [root_pem()]}
SIGNED_AT = SECONDS * 1000
TRANSACTION = {"transactionId": "1", "bundleId": BUNDLE, "environment": "Production", "signedDate": SIGNED_AT}
RENEWAL = {"originalTransactionId": "1", "environment": "Production", "signedDate": SIGNED_AT}
LEAF_PURPOSE = "1.2.840.113635.100.6.11.1"
INTERMEDIATE_PURPOSE = "1.2.840.113635.100.6.2.1"
INTERMEDIATE = x509.load_der_x509_certificate(b64decode(keys.INTERMEDIATE))


def channel(**changes: Any) -> Any:
    return opened("apple-notifications", SETTINGS | changes)


def payload(part: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return what a notification says; `part` is laid over its data."""
    data = {
        "bundleId": BUNDLE,
        "appAppleId": APP,
        "environment": "Production",
        "signedTransactionInfo": signed(TRANSACTION),
        "signedRenewalInfo": signed(RENEWAL),
    }
    own = {
        "notificationType": "DID_RENEW",
        "subtype": "BILLING_RECOVERY",
        "notificationUUID": "uuid-1",
        "signedDate": SIGNED_AT,
        "data": data | (part or {}),
    } | changes
    return {name: value for name, value in own.items() if value is not None}


def post(text: Any) -> InboundRequest:
    return delivery(json.dumps({"signedPayload": text}).encode(), {"Content-Type": "application/json"})


def notification(part: dict[str, Any] | None = None, **changes: Any) -> InboundRequest:
    return post(signed(payload(part, **changes)))


@cache
def leaf(
    *,
    purpose: str | None = LEAF_PURPOSE,
    starts: int = 2020,
    ends: int = 2049,
    curve: str = "secp256r1",
    issuer: str = "intermediate",
) -> tuple[str, str]:
    """Return a leaf and its private key (Base64 of DER), issued by the simulated intermediate or by the simulated leaf."""
    key = ec.generate_private_key({"secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1()}[curve])
    by = {
        "intermediate": (INTERMEDIATE, keys.INTERMEDIATE_PRIVATE_KEY),
        "leaf": (x509.load_der_x509_certificate(b64decode(keys.LEAF)), keys.PRIVATE_KEY),
    }[issuer]
    made = _certificate(key, by[0].subject, by[0].public_key(), purpose=purpose, starts=starts, ends=ends)
    private = load_der_private_key(b64decode(by[1]), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _text(made.sign(private, hashes.SHA256())), b64encode(der).decode()


@cache
def other_chain(
    *, purpose: str | None = INTERMEDIATE_PURPOSE, ca: bool = True
) -> tuple[tuple[str, str, str], str]:
    """Return a chain with the simulator's names up to a root of somebody else, and its private key; the intermediate is as told."""
    root, middle, last = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    names = [
        x509.load_der_x509_certificate(b64decode(each)).subject for each in (keys.ROOT, keys.INTERMEDIATE)
    ]
    by_root, by_middle = root.public_key(), middle.public_key()
    top = _certificate(root, names[0], by_root, subject=names[0], ca=True).sign(root, hashes.SHA256())
    mid = _certificate(middle, names[0], by_root, subject=names[1], ca=ca, purpose=purpose)
    end = _certificate(last, names[1], by_middle, purpose=LEAF_PURPOSE)
    der = last.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    chain = (_text(end.sign(middle, hashes.SHA256())), _text(mid.sign(root, hashes.SHA256())), _text(top))
    return chain, b64encode(der).decode()


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: Any,
    *,
    subject: x509.Name | None = None,
    ca: bool = False,
    purpose: str | None = None,
    starts: int = 2020,
    ends: int = 2049,
) -> x509.CertificateBuilder:
    own = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Store Receipt Signing")])
    usage = x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder(issuer, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(starts, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(ends, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    if purpose is None:
        return builder
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(purpose), b"\x05\x00")
    return builder.add_extension(unknown, critical=False)


def _text(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()
