"""Pushes of Aliyun MNS: proof by the certificate that the request names, the message, the answer.

Sources (read 2026-11-28): help.aliyun.com, MNS, "Verify the signature of an HTTP push" and "NotifyStrategy". What is odd: certificates are looked at for their key alone, because
the published one is self-signed and long expired; where they are kept is what counts. The same keys sign for every customer,
so the topic's owner is compared. 204 is wanted; whether a 4xx is sent again is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.core.errors import VerificationError
from app.core.moments import moment_or_none
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
)
from app.platforms.aliyun_mns.messages import read_message, word
from app.platforms.aliyun_mns.settings import MnsSettings
from app.platforms.aliyun_mns.stamp import check_digest, signed_message
from app.wire.header_values import address_in_base64, base64_header, needed_header
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import AddressedKeys, configured_keys_of
from app.wire.public_keys import is_signed_by_rsa
from app.wire.signed_tokens import check_window

ADDRESS: Final = "x-mns-signing-cert-url"
MESSAGE_ID: Final = "x-mns-message-id"
TOPIC: Final = "x-mns-topic-name"
OWNER: Final = "x-mns-topic-owner"
FAILED: Final = (Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.UNKNOWN_EVENT_TYPE)


@dataclass(frozen=True, repr=False)
class MnsCallbacks(AddressedKeys):
    """Takes pushes; satisfies WebhookSource, KeyFinder, OutboundUser and SubAddresses."""

    settings: MnsSettings
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    address_template = ""
    """The address is signed, so an endpoint may go on behind the channel's name."""
    key_owner = "Aliyun MNS"

    def __post_init__(self) -> None:
        """Make addresses and keys ready once, when the channel is opened."""
        own = self.settings
        object.__setattr__(self, "addresses", KeyAddresses(own.cert_url_prefixes, own.bucket_regions))
        object.__setattr__(self, "configured_keys", configured_keys_of(own.public_keys))

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the certificate."""
        return address_in_base64(request, ADDRESS)

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove time, signature and the body's digest, then note whose topic it is."""
        signature = base64_header(request, "Authorization", longest=2048)
        self._check_date(request, now)
        if not is_signed_by_rsa(key, message=signed_message(request), signature=signature, digest="sha1"):
            raise VerificationError(
                "bad_signature",
                "The signature does not fit method, headers and address; a proxy that changes the path or Content-Type has this effect.",
            )
        check_digest(request)
        told = _told(request)
        return Verified("rsa-sha1", context=told, requirements=self._requirements(request, told))

    def takes_address(self, _rest: str) -> bool:
        """Say that an endpoint may go on behind the channel's name: the whole path is signed."""
        return True

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the type is the topic's name, the key the message's id."""
        told: Mapping[str, Any] = verified.context or {}
        topic = word(_named(request, TOPIC, told, "TopicName"), "TopicName")
        key = word(_named(request, MESSAGE_ID, told, "MessageId"), "MessageId")
        return ParsedEvent(topic, key, told, occurred_at=moment_or_none(told.get("PublishTime")))

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 204 for what is stored; anything but 2xx makes MNS push it again."""
        return default_acknowledgement(outcome) if outcome.situation in FAILED else Reply(204, b"")

    def _check_date(self, request: InboundRequest, now: datetime) -> None:
        sent = moment_or_none(needed_header(request, "Date", longest=128))
        if sent is None:
            raise VerificationError("bad_timestamp", "The header Date is no date.")
        check_window(round(sent.timestamp()), now.timestamp(), self.settings.tolerance_s)

    def _requirements(self, request: InboundRequest, told: Mapping[str, Any]) -> tuple[Requirement, ...]:
        own = self.settings
        owner = _named(request, OWNER, told, "TopicOwner")
        found = (Requirement("topic_owner", owner, "topic_owner", (own.topic_owner,)),)
        if not own.topic_names:
            return found
        topic = _named(request, TOPIC, told, "TopicName")
        return (*found, Requirement("topic_name", topic, "topic_names", own.topic_names))


def _told(request: InboundRequest) -> Mapping[str, Any]:
    return read_message(request.body, message_id=request.header(MESSAGE_ID), topic=request.header(TOPIC))


def _named(request: InboundRequest, header: str, told: Mapping[str, Any], field_name: str) -> str | None:
    """Return a name that the signed headers say, or the body where they say none."""
    value = request.header(header) or told.get(field_name)
    return value if isinstance(value, str) and value else None
