"""Who signed a UnionPay notice: the certificate in the message led to the root, and the three ways to sign.

Sources (read 2026-11-28): the 5.1.0 SDK code of UnionPay as kept in ECShop, yansongda/pay UnipayTrait, omnipay-unionpay; recomputed with
the notice that yansongda/pay publishes. Every field but `signature` is signed, the certificate too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash, HashAlgorithm
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from app.core.errors import VerificationError
from app.platforms.unionpay.account import UnionpayAccount
from app.security.signatures import how_many, matching, same_secret, strict_base64
from app.wire.certificate_chains import leads_to, read_sent_certificate
from app.wire.certificates import is_in_force, rsa_key_of
from app.wire.public_keys import is_signed_by as is_signed_by_key
from app.wire.signed_forms import sorted_pairs

VERSION: Final = b"5.1.0"
CERTIFICATE: Final = b"01"
KEYED: Final[Mapping[bytes, Callable[[], HashAlgorithm]]] = MappingProxyType({b"11": SHA256, b"12": SM3})
"""signMethod 11 and 12: a shared key, with SHA-256 or SM3."""

TEST_NAME: Final = "00040000:SIGN"
OWNER_PART: Final = 2


def check_signature(account: UnionpayAccount, pairs: Mapping[bytes, bytes], now: datetime) -> str:
    """Prove a notice and return the name of the way; raises VerificationError.

    The way is one of those for which the channel has keys; the notice only chooses among them.
    """
    if pairs.get(b"version") != VERSION:
        raise VerificationError(
            "wrong_version", "version is not 5.1.0; older ones sign with SHA-1 and are not taken."
        )
    signature = pairs.get(b"signature", b"")
    if not signature:
        raise VerificationError("missing_signature", "The notice has no signature.")
    method = pairs.get(b"signMethod", b"")
    content = sorted_pairs(pairs, without=(b"signature",))
    if method == CERTIFICATE and account.roots and account.middles:
        certificate = _trusted(account, pairs.get(b"signPubKeyCert", b""), now)
        _check_rsa(certificate, signature, content)
        return "unionpay-certificate"
    if method in KEYED and account.secure_keys:
        _check_keyed(account, KEYED[method](), signature, content)
        return "unionpay-key"
    raise VerificationError(
        "sign_method_not_allowed",
        "signMethod is none for which this channel has keys: 01 needs root_cert_pem and middle_cert_pem, 11 and 12 secure_key.",
    )


def hex_digest(algorithm: HashAlgorithm, content: bytes) -> bytes:
    """Return a digest as lower-case hex digits, which is what goes into the signature."""
    digest = Hash(algorithm)
    digest.update(content)
    return digest.finalize().hex().encode()


def is_signed_by(certificate: Certificate, signature: bytes, content: bytes) -> bool:
    """Say whether a certificate's key signed the sorted pairs; they are hashed twice."""
    try:
        key = rsa_key_of(certificate)
    except ValueError:
        return False
    return is_signed_by_key(key, message=hex_digest(SHA256(), content), signature=signature)


def _check_rsa(certificate: Certificate, signature: bytes, content: bytes) -> None:
    try:
        raw = strict_base64(signature)
    except ValueError as error:
        raise VerificationError(
            "malformed_signature",
            "signature is not Base64; a `+` that was not written as %2B became a blank on the way.",
        ) from error
    if not is_signed_by(certificate, raw, content):
        raise VerificationError(
            "bad_signature",
            "The signature does not fit the certificate in the notice; a field was changed on the way.",
        )


def _check_keyed(
    account: UnionpayAccount, algorithm: HashAlgorithm, signature: bytes, content: bytes
) -> None:
    expected = [
        hex_digest(algorithm, content + b"&" + hex_digest(algorithm, key)) for key in account.secure_keys
    ]
    if matching(signature.lower(), expected) is None:
        raise VerificationError("bad_signature", f"Tried: {how_many(account.secure_keys, 'secure_key')}.")


def _trusted(account: UnionpayAccount, text: bytes, now: datetime) -> Certificate:
    """Return the certificate of the notice once it is UnionPay's and in force; raises VerificationError."""
    try:
        certificate = read_sent_certificate(text)
    except ValueError as error:
        raise VerificationError("bad_certificate", "signPubKeyCert holds no certificate in PEM.") from error
    middle = leads_to(certificate, account.middles, now)
    if middle is None or leads_to(middle, account.roots, now) is None:
        raise VerificationError(
            "untrusted_certificate",
            "The certificate in the notice does not lead through middle_cert_pem to root_cert_pem. Test and production have "
            "different ones; somebody else's certificate has this effect too.",
        )
    if not is_in_force(certificate, now):
        raise VerificationError(
            "certificate_not_in_force", "The certificate in the notice is not in force at this time."
        )
    _check_owner(account, certificate)
    return certificate


def _check_owner(account: UnionpayAccount, certificate: Certificate) -> None:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if len(names) == 1 else ""
    if account.settings.test_certificates and name == TEST_NAME:
        return
    parts = name.split("@")
    owner = parts[OWNER_PART] if len(parts) > OWNER_PART else ""
    if not same_secret(owner, account.settings.owner_cn_part):
        raise VerificationError(
            "foreign_certificate",
            "The certificate in the notice was issued to somebody else than UnionPay. If it is the test environment's, "
            "test_certificates takes it.",
        )
