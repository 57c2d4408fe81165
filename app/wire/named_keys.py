"""Public keys that a request names, by an address or an id: configured, or fetched while running; and what they signed.

`NamedKeys` is the base of connectors that prove with such a key: it makes of one pure question (which key does the request
name) and one proof (with this key) what WebhookSource and KeyFinder ask for. Keys are handed on as SubjectPublicKeyInfo in DER.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate
from pydantic import AfterValidator, BeforeValidator

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import HttpAnswer, HttpClient
from app.core.values import InboundRequest, Verified
from app.security.outbound import retry_after
from app.security.signatures import strict_base64

LARGEST_KEY_FILE: Final = 65_536
LEAST_RSA_BITS: Final = 1024
"""Old, and still what some clouds sign with; 512 bits, which one of them used until 2016, can be factored by anybody."""

COORDINATE_LETTERS: Final = 43
"""Of 32 bytes in Base64 without its padding."""

CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
PUBLIC_KEY: Final = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
DIGESTS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303 - Aliyun OSS signs with it
    "sha1": hashes.SHA1(),  # noqa: S303 - Aliyun MNS and eBay sign with it
    "sha256": hashes.SHA256(),
}
ABSENT: Final = (403, 404)
"""What a store of files answers where there is no such file."""


def read_key(text: str) -> bytes:
    """Return the key of a text as DER: a certificate or a public key in PEM, also on one line, or Base64; raises ValueError."""
    text = text.replace("\\n", "\n").strip()
    try:
        key = _loaded(text)
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise ValueError("it must be a public key or a certificate, in PEM") from error
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise ValueError(f"an RSA key must have at least {LEAST_RSA_BITS} bits")
    if isinstance(key, EllipticCurvePublicKey) and not isinstance(key.curve, SECP256R1):
        raise ValueError("its curve must be P-256")
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ValueError("it must be an RSA key or one on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _loaded(text: str) -> Any:
    start, end = PUBLIC_KEY
    if text.startswith(CERTIFICATE):
        return load_pem_x509_certificate(text.encode("ascii")).public_key()
    if text.startswith(start) and "\n" not in text:  # eBay hands out PEM on one line.
        return load_der_public_key(strict_base64(text.removeprefix(start).removesuffix(end).strip()))
    if text.startswith("-----"):
        return load_pem_public_key(text.encode("ascii"))
    return load_der_public_key(strict_base64(text))


def _readable(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in value.items():
        try:
            read_key(text)
        except ValueError as error:
            raise ValueError(f"the key {name[:80]!r} cannot be read: {error}") from error
    return value


def _filled(value: Any) -> Any:
    return {name: text for name, text in value.items() if text != ""} if isinstance(value, Mapping) else value


NamedKeyTexts = Annotated[Mapping[str, str], BeforeValidator(_filled), AfterValidator(_readable)]
"""A setting with keys by the name that requests give them; empty ones do not count."""


def fetched_file(answer: HttpAnswer, platform: str) -> str | None:
    """Return the text of a key that was fetched, None where there is no such file; raises UpstreamError and its kin."""
    if answer.status in ABSENT:
        return None
    check_status(answer, platform)
    if len(answer.body) > LARGEST_KEY_FILE:
        raise _unusable(platform, "it is too large")
    return answer.body.decode("ascii", "replace")


def fetched_key(text: str, platform: str) -> bytes:
    """Return a fetched key as DER; raises UpstreamError."""
    try:
        return read_key(text)
    except ValueError as error:
        raise _unusable(platform, str(error)) from error


def read_key_of_jwk(key: Mapping[str, Any], platform: str) -> str:
    """Return a fetched JSON Web Key on P-256 as Base64 of its DER; raises UpstreamError."""
    try:
        if (key.get("kty"), key.get("crv")) != ("EC", "P-256"):
            raise ValueError("it must be on the curve P-256")
        x, y = (_coordinate(key.get(name)) for name in ("x", "y"))
        loaded = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (ValueError, TypeError) as error:
        raise _unusable(platform, "it is no point on the curve P-256") from error
    return b64encode(loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _coordinate(value: Any) -> int:
    if not isinstance(value, str) or len(value) != COORDINATE_LETTERS:
        raise ValueError("not 32 bytes")
    return int.from_bytes(urlsafe_b64decode(value + "="), "big")


def check_status(answer: HttpAnswer, platform: str) -> None:
    """Raise UpstreamUnavailable where the platform is busy, UpstreamError for every other answer that is not 200."""
    if answer.status == 200:  # noqa: PLR2004
        return
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004
        raise UpstreamUnavailable(
            f"{platform} answered {answer.status} to the request for its key; try again later.",
            retry_after=retry_after(answer),
        )
    raise UpstreamError(
        "upstream_client_rejected",
        f"{platform} does not hand out its key (status {answer.status}); compare the channel's keys with its console.",
        platform_code=str(answer.status),
    )


def _unusable(platform: str, why: str) -> UpstreamError:
    return UpstreamError("upstream_bad_answer", f"The key of {platform} cannot be used: {why}.")


def is_signed_by_rsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether an RSA key's owner signed (PKCS #1 v1.5); whatever the bytes."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey):
        return False
    try:
        loaded.verify(signature, message, PKCS1v15(), DIGESTS[digest])
    except (InvalidSignature, ValueError):
        return False
    return True


def is_signed_by_ecdsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether the owner of a key on P-256 signed; `signature` is DER, whatever the bytes."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, EllipticCurvePublicKey):
        return False
    try:
        loaded.verify(signature, message, ECDSA(DIGESTS[digest]))
    except (InvalidSignature, ValueError):
        return False
    return True


def recovered_by_rsa(key: bytes, sealed: bytes) -> bytes:
    """Return what the owner of an RSA key enclosed with the private half (PKCS #1 type 1); raises ValueError."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey):
        raise ValueError("not an RSA key")
    try:
        return loaded.recover_data_from_signature(sealed, PKCS1v15(), None)
    except InvalidSignature as error:
        raise ValueError("not enclosed with this key") from error


class NamedKeys:
    """Proves with the key that a request names; a platform derives from it and says which key and what was signed."""

    key_seconds = 3600
    configured_keys: Mapping[str, bytes]
    """Keys that settings hold, by name: for gateways that call nobody, and for tests."""

    def key_name(self, request: InboundRequest) -> str:
        """Return the name of the key, judged; raises VerificationError before anything is called for nothing."""
        raise NotImplementedError

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with this key; pure, raises VerificationError."""
        raise NotImplementedError

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Ask for the key, None where there is none of that name; raises UpstreamError and its kin."""
        raise NotImplementedError

    @property
    def key_owner(self) -> str:
        """Name the platform in the sentences of errors."""
        raise NotImplementedError

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return which key has to be found, None for a configured one."""
        name = self.key_name(request)
        return None if name in self.configured_keys else name

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch the claimed key; nothing where there is none of that name."""
        text = self.key_text(claim, http)
        return {} if text is None else {claim: fetched_key(text, self.key_owner)}

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with a configured key."""
        name = self.key_name(request)
        key = self.configured_keys.get(name)
        if key is None:
            raise VerificationError("unknown_key", f"The key {name[:200]!r} is not in public_keys.")
        return self.verify_with_key(request, now, key)


def configured_keys_of(texts: Mapping[str, str]) -> Mapping[str, bytes]:
    """Return the keys of a setting, ready for use."""
    return {name: read_key(text) for name, text in texts.items()}
