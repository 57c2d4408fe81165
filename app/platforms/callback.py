"""The unified callback envelope (CONTRACT §5): our own format, for services that have no webhook format of theirs.

v1 is `{"event_id", "event_type", "timestamp", "data"}` proven by one of four schemes; v2 is Standard Webhooks
(https://www.standardwebhooks.com, read 2026-11-20). The scheme comes from the channel, never from the request.

Event keys: a v1 event id is its own key, a v2 webhook id gets `v2:` in front. A v1 id that itself begins with `v1:`
or `v2:` gets `v1:` in front, so that no id of one version can ever take a key of the other.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.types import Options
from pydantic import Field, field_validator, model_validator

from app.config.platform_settings import PlatformSettings, Secrets, plain
from app.core.errors import PayloadError, RefusedError, VerificationError
from app.core.moments import moment_from
from app.core.ports import PlatformSpec
from app.core.subjects import subject_of
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Verified, default_acknowledgement
from app.security.signatures import (
    check_timestamp,
    hmac_sha256,
    matching,
    same_secret,
    sha256_hex,
    wire_bytes,
)
from app.security.strict_json import parse_json_object
from app.wire.standard_webhooks import standard_webhook_key, verify_standard_webhook

WINDOW = 300
MAX_WORD = 255
MIN_JWT_SECRET = 32
MIN_RSA_BITS = 2048
MAX_TOKEN = 8192
CLOCK_SKEW = 60
SIGNATURE = re.compile(r"(?:[sS][hH][aA]256=)?([0-9a-fA-F]{64})")
NONCE = re.compile(r"[\x21-\x7e]{8,128}")
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)
REFUSED_JWT_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})

Algorithm = Literal["HS256", "RS256", "ES256"]


class CallbackSettings(PlatformSettings):
    """The keys of a `callback` channel."""

    secret: Secrets = Field((), description="Signs or is the token; for v2 whsec_… or plain text.")
    scheme: Literal["body", "timestamp-nonce", "token", "jwt"] = Field(
        "body", description="How v1 callbacks are proven."
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
                _webhook_key(key)
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

    @property
    def public_key_pem(self) -> bytes:
        """The PEM text; written on one line in an environment file, its line ends are backslash and n."""
        return self.jwt_public_key.replace("\\n", "\n").encode()

    def missing_signature_secret(self) -> str | None:
        """Name `secret`, unless a public key proves the callbacks."""
        if self.secret or (self.scheme == "jwt" and self.jwt_public_key):
            return None
        return "secret"


def _webhook_key(secret: bytes) -> bytes:
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


class CallbackChannel:
    """One channel for the unified envelope."""

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)

    def __init__(self, settings: CallbackSettings):
        self._settings = settings
        self._secrets = plain(settings.secret)
        self._webhook_keys = tuple(_webhook_key(secret) for secret in self._secrets)
        self.result_key = self._webhook_keys[0] if self._webhook_keys else b""
        self._is_open = settings.allow_unsigned and settings.missing_signature_secret() is not None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender by the channel's scheme (v1) or as a Standard Webhook (v2)."""
        if request.version not in ("v1", "v2"):
            raise RefusedError(
                "unknown_version",
                "Use interface version v1 or v2, in the address or in X-API-Version.",
                http_status=400,
            )
        if self._is_open:
            return Verified("unsigned")
        if request.version == "v2":
            return self._verify_webhook(request, now)
        match self._settings.scheme:
            case "body":
                return self._verify_signature(request, b"", "body")
            case "timestamp-nonce":
                return self._verify_timestamp_nonce(request, now)
            case "token":
                return self._verify_token(request)
            case _:
                return self._verify_jwt(request, now)

    def verify_command(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove a command by scheme timestamp-nonce, whatever scheme the channel's callbacks use (CONTRACT §10)."""
        return self._verify_timestamp_nonce(request, now)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; the envelope has no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Read the envelope; `data` of the event is the whole body."""
        try:
            body = parse_json_object(request.body)
        except ValueError as error:
            raise PayloadError("not_a_json_object", message="The body must be one JSON object.") from error
        if request.version == "v2":
            identifier = wire_bytes(request.header("webhook-id") or "").decode("utf-8", "replace")
            return _event(body, type_field="type", key=f"v2:{identifier}" if identifier else None)
        event_id = _event_id(body)
        event = _event(body, type_field="event_type", key=_v1_key(event_id))
        declared = request.header("X-Event-Type")
        if declared and wire_bytes(declared) != event.type.encode():
            raise PayloadError(
                "event_type_mismatch",
                code="event_type_mismatch",
                message="X-Event-Type and event_type in the body differ; send the same in both, or no header.",
            )
        return event

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording."""
        return default_acknowledgement(outcome)

    def _verify_webhook(self, request: InboundRequest, now: datetime) -> Verified:
        verify_standard_webhook(
            identifier=request.header("webhook-id"),
            timestamp=request.header("webhook-timestamp"),
            signatures=request.header("webhook-signature"),
            body=request.body,
            keys=self._webhook_keys,
            now=now.timestamp(),
            tolerance=WINDOW,
        )
        return Verified("standard-webhooks")

    def _verify_signature(self, request: InboundRequest, suffix: bytes, scheme: str) -> Verified:
        header = request.header("X-Signature")
        if not header:
            raise VerificationError("missing_signature")
        given = SIGNATURE.fullmatch(header)
        expected = [hmac_sha256(secret, request.body + suffix) for secret in self._secrets]
        if given is None or matching(bytes.fromhex(given[1]), expected) is None:
            raise VerificationError("bad_signature")
        return Verified(scheme)

    def _verify_timestamp_nonce(self, request: InboundRequest, now: datetime) -> Verified:
        """Check body + timestamp + nonce; that the nonce is new is checked where nonces are stored."""
        timestamp, nonce = request.header("X-Timestamp") or "", request.header("X-Nonce") or ""
        check_timestamp(timestamp, now.timestamp(), WINDOW)
        if not NONCE.fullmatch(nonce):
            raise VerificationError("bad_nonce")
        self._verify_signature(request, (timestamp + nonce).encode("ascii"), "timestamp-nonce")
        return Verified("timestamp-nonce", nonce=nonce)

    def _verify_token(self, request: InboundRequest) -> Verified:
        token = request.header("X-Token")
        if not token:
            raise VerificationError("missing_token")
        if matching(wire_bytes(token), self._secrets) is None:
            raise VerificationError("bad_token")
        return Verified("token")

    def _verify_jwt(self, request: InboundRequest, now: datetime) -> Verified:
        header = request.header("Authorization")
        if not header:
            raise VerificationError("missing_token")
        bearer = BEARER.fullmatch(header) if len(header) <= MAX_TOKEN else None
        if bearer is None:
            raise VerificationError("bad_token")
        claims = self._claims(bearer[1])
        _check_times(claims, now.timestamp())
        digest = claims.get("body_sha256")
        if "body_sha256" in claims and not (
            isinstance(digest, str) and same_secret(digest.lower(), sha256_hex(request.body))
        ):
            raise VerificationError("body_does_not_match_token")
        return Verified("jwt")

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of the channel's own keys signed.

        The key follows from the algorithm, and the algorithms from configuration, so a public key is never used
        as an HMAC secret. Headers that carry or point to keys, and `crit`, are refused (RFC 8725 §3, read 2026-11-20).
        """
        try:
            header = jwt.get_unverified_header(token)
            if not REFUSED_JWT_HEADERS.isdisjoint(header):
                raise VerificationError("bad_token_header")
            algorithm = header.get("alg")
            for key in self._jwt_keys(algorithm):
                if (claims := self._claims_by(key, token, str(algorithm))) is not None:
                    return claims
        except (
            jwt.PyJWTError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise VerificationError("bad_token") from error
        raise VerificationError("bad_signature")

    def _jwt_keys(self, algorithm: object) -> tuple[bytes, ...]:
        if algorithm not in self._settings.jwt_algorithms:
            raise VerificationError("algorithm_not_allowed")
        return self._secrets if algorithm == "HS256" else (self._settings.public_key_pem,)

    def _claims_by(self, key: bytes, token: str, algorithm: str) -> dict[str, Any] | None:
        audience, issuer = self._settings.jwt_audience, self._settings.jwt_issuer
        # The times are checked against the caller's clock, in _check_times.
        options = Options(
            require=["exp"],
            verify_exp=False,
            verify_nbf=False,
            verify_iat=False,
            verify_aud=audience is not None,
            verify_iss=issuer is not None,
        )
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options
            )
        except jwt.InvalidSignatureError:
            return None
        return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    """Check exp without, nbf and iat with a minute of leeway for clocks that differ."""
    for name, reason in (
        ("exp", "token_expired"),
        ("nbf", "token_not_yet_valid"),
        ("iat", "token_from_the_future"),
    ):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise VerificationError("bad_token_time")
        if not (now < value if name == "exp" else value <= now + CLOCK_SKEW):
            raise VerificationError(reason)


def _event_id(body: dict[str, Any]) -> str:
    """Return the event id; an integer counts as its decimal text, so that 42 and "42" are the same event."""
    value = body.get("event_id")
    return str(value) if type(value) is int else _word(body, "event_id")


def _v1_key(event_id: str) -> str:
    return f"v1:{event_id}" if event_id.startswith(("v1:", "v2:")) else event_id


def _event(body: dict[str, Any], *, type_field: str, key: str | None) -> ParsedEvent:
    try:
        occurred_at = moment_from(body.get("timestamp"))
    except ValueError as error:
        raise PayloadError(
            "bad_timestamp", message="timestamp must be Unix seconds or ISO 8601 text, or be left out."
        ) from error
    data = {"data": {}} | body
    return ParsedEvent(_word(body, type_field), key, data, subject_of(data["data"]), occurred_at)


def _word(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_WORD or not value.isprintable():
        raise PayloadError(
            f"bad_{field}", message=f"{field} must be printable text of 1 to {MAX_WORD} characters."
        )
    return value


PLATFORM = PlatformSpec(
    slug="callback",
    display_name="Unified callback",
    docs_url="https://www.standardwebhooks.com",
    settings=CallbackSettings,
    open=lambda _, settings: CallbackChannel(settings),
    unknown_events="reject",
)
