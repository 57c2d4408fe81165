"""What SNS posts: which fields are there, which of them are signed, and the text that is signed. Pure; nothing is proven here.

Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html (read 2026-11-28). What is
odd: the body is JSON and comes as text/plain; the headers x-amz-sns-… are not signed; MessageAttributes and UnsubscribeURL are
not either, so they are no part of an event's data. Names and values are signed as lines without any escape, so only `Message`, which
comes first, may hold line ends here: with them in another value the same lines could be read as another message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json, parse_json_exactly

CONFIRMATION: Final = "SubscriptionConfirmation"
OF_CONFIRMATIONS: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: OF_CONFIRMATIONS,
    "UnsubscribeConfirmation": OF_CONFIRMATIONS,
}
MAY_LACK: Final = "Subject"
DIGESTS: Final = {"1": "sha1", "2": "sha256"}
"""Topics sign with SHA-1 unless their SignatureVersion is set to 2."""

RAW_DELIVERY: Final = "x-amz-sns-rawdelivery"
LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True, repr=False)
class SnsMessage:
    """One message as it was read, unproven: `fields` are those that are signed, in the order of signing."""

    fields: dict[str, str]
    version: str
    signature: bytes
    certificate_address: str

    @property
    def signed_text(self) -> bytes:
        """Return what was signed: each name and each value on a line of its own."""
        lines = (line for pair in self.fields.items() for line in (*pair,))
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def read_message(request: InboundRequest) -> SnsMessage:
    """Read a request; raises VerificationError for what SNS does not sign."""
    if (request.header(RAW_DELIVERY) or "").lower() == "true":
        raise VerificationError(
            "raw_delivery",
            "The subscription has raw message delivery, which SNS does not sign; switch it off (RawMessageDelivery = false).",
        )
    try:
        body = parse_json_exactly(request.body)
    except ValueError as error:
        raise _not_a_message(f"the body is not JSON: {error}") from error
    kind = body.get("Type")
    names = SIGNED.get(kind) if isinstance(kind, str) else None
    if names is None:
        raise _not_a_message("its Type is none that SNS has")
    wanted = [name for name in names if name in body or name != MAY_LACK]
    fields = {name: body[name] for name in wanted if isinstance(body.get(name), str)}
    if len(fields) != len(wanted):
        raise _not_a_message("one of its signed fields is missing or no text")
    if any("\n" in value for name, value in fields.items() if name != "Message"):
        raise _not_a_message("one of its signed fields holds a line end")
    return _with_signature(fields, body)


def _with_signature(fields: dict[str, str], body: dict[str, Any]) -> SnsMessage:
    signature = _text(body, "Signature")
    if not 0 < len(fields["MessageId"]) <= LONGEST_ID:
        raise _not_a_message("its MessageId is empty or too long")
    if not signature:
        raise VerificationError("missing_signature", "The message has no Signature.")
    try:
        decoded = strict_base64(signature)
    except ValueError as error:
        raise VerificationError("bad_signature", "Signature is not Base64.") from error
    return SnsMessage(fields, _text(body, "SignatureVersion"), decoded, _text(body, "SigningCertURL"))


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def content_of(message: str) -> Any:
    """Return what a message's text holds when it is a JSON object or list (S3, SES, CloudWatch), None otherwise."""
    try:
        value = parse_json(message.encode())
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _not_a_message(why: str) -> VerificationError:
    return VerificationError("not_a_message", f"This is no message of SNS: {why}.")
