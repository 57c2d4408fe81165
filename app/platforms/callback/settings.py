"""The keys of one `[channels.X]` table with platform = "callback"; all of them are checked when the file is read."""

from __future__ import annotations

from typing import Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import Field, field_validator, model_validator

from app.config.platform_settings import PlatformSettings, Secrets, plain
from app.wire.standard_webhooks import standard_webhook_key

MIN_JWT_SECRET = 32
MIN_RSA_BITS = 2048

Algorithm = Literal["HS256", "RS256", "ES256"]


class CallbackSettings(PlatformSettings):
    """The keys of a `callback` channel."""

    secret: Secrets = Field((), description="Signs or is the token; for v2 whsec_… or plain text.")
    scheme: Literal["body", "timestamp-nonce", "token", "jwt"] = Field(
        "body", description="How v1 callbacks are proven."
    )
    encrypted: bool = Field(
        False, description="Bodies come sealed with AES-256-CBC under the SHA-256 of secret."
    )
    jwt_algorithms: tuple[Algorithm, ...] = Field(
        ("HS256",), min_length=1, description="Algorithms a JWT may be signed with."
    )
    jwt_public_key: str = Field("", description="PEM public key, for RS256 or ES256.")
    jwt_audience: str | None = Field(None, description="What the JWT's aud must name.")
    jwt_issuer: str | None = Field(None, description="What the JWT's iss must be.")

    @field_validator("secret")
    @classmethod
    def _whsec_secrets_decode(cls, secret: Secrets) -> Secrets:
        for key in plain(secret):
            if key.startswith(b"whsec_"):
                webhook_key(key)
        return secret

    @model_validator(mode="after")
    def _jwt_keys_fit(self) -> Self:
        if self.scheme != "jwt":
            return self
        if "HS256" in self.jwt_algorithms and any(len(key) < MIN_JWT_SECRET for key in plain(self.secret)):
            raise ValueError("secret must have at least 32 bytes for scheme jwt with HS256")
        for algorithm in set(self.jwt_algorithms) - {"HS256"}:
            _check_public_key(self.public_key_pem, algorithm)
        return self

    @model_validator(mode="after")
    def _sealed_bodies_are_proven(self) -> Self:
        if self.encrypted and self.allow_unsigned and not self.secret:
            raise ValueError(
                "encrypted = true needs secret, from which its key follows; allow_unsigned has none"
            )
        return self

    @property
    def public_key_pem(self) -> bytes:
        """The PEM text; written on one line in an environment file, its line ends are backslash and n."""
        return self.jwt_public_key.replace("\\n", "\n").encode()

    def missing_signature_secret(self) -> str | None:
        """Name `secret`, unless a public key proves the callbacks; what is sealed needs the secret all the same."""
        has_public_key = self.scheme == "jwt" and bool(self.jwt_public_key)
        if self.secret or (has_public_key and not self.encrypted):
            return None
        return "secret"


def webhook_key(secret: bytes) -> bytes:
    """Return the key of a v2 secret: Base64 behind whsec_, any other text is taken as it is."""
    if not secret.startswith(b"whsec_"):
        return secret
    try:
        key = standard_webhook_key(secret)
    except ValueError:
        key = b""
    if not key:
        raise ValueError("a secret that begins with whsec_ must go on with Base64")
    return key


def _check_public_key(pem: bytes, algorithm: str) -> None:
    try:
        key: Any = load_pem_public_key(pem)
    except ValueError as error:
        raise ValueError(f"jwt_public_key must be a PEM public key for {algorithm}") from error
    is_rsa = isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    is_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not (is_rsa if algorithm == "RS256" else is_p256):
        raise ValueError(f"jwt_public_key does not fit {algorithm}: RSA of 2048 bits or more, or P-256")
