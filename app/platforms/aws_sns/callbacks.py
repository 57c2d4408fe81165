"""SNS posts a message: proof by the certificate it names, meaning, answer, and where a subscription is confirmed.

What is odd: any AWS customer can have SNS sign what he likes for a topic of his own, so the topic is compared. SNS sends nothing
but the request to confirm until the address in it was called; an operator does that, with `flask events confirm`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    Event,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    quiet_acknowledgement,
)
from app.platforms.aws_sns.messages import CONFIRMATION, DIGESTS, SnsMessage, content_of, read_message
from app.platforms.aws_sns.settings import AwsSnsSettings
from app.wire.certificates import certificates_by_address, check_signed_by
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import AddressedCertificates

CERTIFICATE_PATH: Final = re.compile(r"SimpleNotificationService-[0-9a-f]{1,64}\.pem")
HALF_A_DAY: Final = 43_200


@dataclass(frozen=True, repr=False)
class AwsSnsCallbacks(AddressedCertificates):
    """Takes messages of SNS; satisfies WebhookSource, KeyFinder, OutboundUser and ConfirmableSource."""

    settings: AwsSnsSettings
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = 12.0
    """SNS waits 15 seconds."""

    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    key_seconds = HALF_A_DAY
    key_owner = "Amazon SNS"

    def __post_init__(self) -> None:
        """Make certificates and addresses ready once, when the channel is opened."""
        own = self.settings
        bases = dict.fromkeys(f"{own.base_of(arn)}/" for arn in own.topic_arns)
        known = KeyAddresses(tuple(bases), rest=CERTIFICATE_PATH, refusal="key_address_not_allowed")
        object.__setattr__(self, "addresses", known)
        object.__setattr__(self, "configured_keys", certificates_by_address(own.certificates))

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the certificate."""
        return self._read(request).certificate_address

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a certificate that was found."""
        message = self._read(request)
        self.addresses.judged(message.certificate_address)
        digest = DIGESTS[message.version]
        check_signed_by(key, message.signed_text, signature=message.signature, digest=digest, now=now)
        topic = Requirement("TopicArn", message.fields["TopicArn"], "topic_arns", self.settings.topic_arns)
        return Verified(f"sns-v{message.version}", context=message, requirements=(topic,))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing: a request to confirm is an event, so that somebody decides about it."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the signed fields, and the content where a message is JSON; the key is MessageId."""
        message = verified.context
        if not isinstance(message, SnsMessage):
            raise PayloadError("not_verified_here")
        fields = message.fields
        content = content_of(fields["Message"]) if fields["Type"] == "Notification" else None
        data: dict[str, Any] = {**fields} if content is None else {**fields, "content": content}
        return ParsedEvent(
            type=fields["Type"],
            key=fields["MessageId"],
            data=data,
            occurred_at=moment_or_none(fields["Timestamp"]),
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; SNS repeats what is answered 5xx."""
        return quiet_acknowledgement(outcome, status=200)

    def confirmation_address(self, event: Event) -> str | None:
        """Return where a subscription is confirmed, made from its topic and token; SubscribeURL itself is not used."""
        topic, token = event.data.get("TopicArn"), event.data.get("Token")
        if event.type != CONFIRMATION or topic not in self.settings.topic_arns or not isinstance(token, str):
            return None
        query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic, "Token": token})
        return f"{self.settings.base_of(topic)}/?{query}"

    def _read(self, request: InboundRequest) -> SnsMessage:
        message = read_message(request)
        if message.version not in self.settings.signature_versions:
            raise VerificationError(
                "signature_version_not_allowed",
                f"SignatureVersion is none of {', '.join(self.settings.signature_versions)} (signature_versions).",
            )
        return message
