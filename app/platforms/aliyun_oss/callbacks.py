"""Upload callbacks of Aliyun OSS: proof, the fields that the uploader asked for, the answer that the uploader gets.

Source (read 2026-11-28): help.aliyun.com, OSS, "Callback", and its official samples in Python and Java. What is odd: RSA with MD5, over the percent-decoded path, the
query as it is, and the body. There is no time and no id, so a copy of a request is an old event. OSS signs whatever body an
uploader asks for, so the signature says "from OSS" and not "from our bucket": a token in the callbackUrl says that. OSS waits for
5 seconds and never comes again; an answer that is not 200 tells the uploader that the callback failed although the object is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from app.config.platform_settings import plain
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Situation,
    Verified,
    default_acknowledgement,
    json_reply,
)
from app.platforms.aliyun_oss.settings import OssSettings
from app.security.signatures import how_many, matching, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_exactly
from app.wire.header_values import address_in_base64, base64_header
from app.wire.key_addresses import KeyAddresses, safe_address
from app.wire.named_keys import AddressedKeys, configured_keys_of
from app.wire.public_keys import is_signed_by_rsa

ADDRESS: Final = "x-oss-pub-key-url"
UPLOAD: Final = "upload"
MOST_FIELDS: Final = 200
LONGEST_SUBJECT: Final = 255
FAILED: Final = (Situation.HANDLER_FAILED, Situation.UNKNOWN_EVENT_TYPE)


@dataclass(frozen=True, repr=False)
class OssCallbacks(AddressedKeys):
    """Takes upload callbacks; satisfies WebhookSource, KeyFinder, OutboundUser, SubAddresses and AdvisedSource."""

    settings: OssSettings
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)
    tokens: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = 4.0
    retries_failed_answers = False
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    address_template = ""
    """The path is signed, so a callbackUrl may go on behind the channel's name."""
    key_owner = "Aliyun OSS"

    def __post_init__(self) -> None:
        """Make addresses, keys and tokens ready once, when the channel is opened."""
        own = self.settings
        keys = {safe_address(name): text for name, text in own.public_keys.items()}
        object.__setattr__(self, "addresses", KeyAddresses(own.key_url_prefixes))
        object.__setattr__(self, "configured_keys", configured_keys_of(keys))
        object.__setattr__(self, "tokens", plain(own.token))

    @property
    def advice(self) -> str | None:
        """Say what is not proven without a token."""
        if self.tokens:
            return None
        return (
            "OSS signs callbacks of every customer, with any body: put a random word into the callbackUrl as ?token=… and "
            "here as token, and look the object up before you rely on what a callback says."
        )

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the key."""
        return address_in_base64(request, ADDRESS)

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the signature over path, query and body, then the token."""
        signature = base64_header(request, "Authorization", longest=2048)
        proofs = (
            is_signed_by_rsa(key, message=each, signature=signature, digest="md5")
            for each in _signed(request)
        )
        if not any(proofs):
            raise VerificationError(
                "bad_signature",
                "The signature does not fit path, query and body; a proxy that changes the path has this effect.",
            )
        if self.tokens and matching(wire_bytes(request.query("token") or ""), self.tokens) is None:
            raise VerificationError(
                "bad_token",
                f"?token= of the callbackUrl is none of them. Tried: {how_many(self.tokens, 'token')}.",
            )
        return Verified("rsa-md5", requirements=self._requirements(request.body))

    def takes_address(self, _rest: str) -> bool:
        """Say that an endpoint may go on behind the channel's name: the whole path is signed."""
        return True

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what was uploaded; the key is the body's digest, because OSS names no event."""
        fields = _fields(request.body)
        subject = fields.get("object")
        return ParsedEvent(
            type=UPLOAD,
            key=sha256_hex(request.body),
            data=fields,
            subject=subject if isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT else None,
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer JSON, which OSS hands to the uploader: what an inline handler returned, or that all is well."""
        if outcome.situation in FAILED:
            return default_acknowledgement(outcome)
        if isinstance(outcome.data, Mapping) and outcome.situation is Situation.SUCCESS:
            return json_reply(200, outcome.data)
        return json_reply(200, {"Status": "OK"})

    def _requirements(self, body: bytes) -> tuple[Requirement, ...]:
        if not self.settings.buckets:
            return ()
        try:
            bucket = _fields(body).get("bucket")
        except PayloadError:
            bucket = None
        given = bucket if isinstance(bucket, str) else None
        return (Requirement("bucket", given, "buckets", self.settings.buckets),)


def _signed(request: InboundRequest) -> tuple[bytes, ...]:
    """Return what may have been signed: servers hand over the path decoded, and one that came encoded is decoded here."""
    query = wire_bytes(f"?{request.query_string}" if request.query_string else "")
    path = request.path.encode("utf-8", "surrogatepass")
    return tuple(
        each + query + b"\n" + request.body for each in dict.fromkeys((path, unquote_to_bytes(path)))
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    """Return what a callbackBody says, JSON or a form; raises PayloadError."""
    if body.lstrip()[:1] == b"{":
        try:
            return parse_json_exactly(body)
        except ValueError as error:
            raise unreadable_json(error) from error
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise PayloadError(
            "not_a_form", message="The callbackBody must be a form or a JSON object."
        ) from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PayloadError("duplicate_field", message="A field of the callbackBody comes twice.")
    return found
