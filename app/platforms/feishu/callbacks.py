"""Feishu's callbacks: proof, set-up challenge, meaning, answer.

Sources: Feishu Open Platform, pages 将事件发送至开发者服务器, 步骤三：接收事件, 步骤三：接收回调 and 卡片回传交互回调
(read 2026-11-20). What is odd: the set-up challenge is never signed. The signature is a bare SHA-256 that
ends in the body, so whoever saw one can append to the body and sign the result; the strict reading of the body
refuses that. Nobody says whether a redelivery after six hours carries a new stamp, so there is no time window, and
de-duplication is what stops a replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.values import (
    JSON,
    Coverage,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    default_acknowledgement,
    json_reply,
)
from app.platforms.feishu.app import FeishuApp
from app.platforms.feishu.diagnosis import (
    OLD_CARDS_NOT_TAKEN,
    why_app_differs,
    why_no_shape,
    why_old_card_differs,
    why_signature_differs,
    why_token_differs,
    why_unsigned,
)
from app.platforms.feishu.envelope import open_envelope
from app.platforms.feishu.messages import (
    CALLBACK_TYPES,
    CARD_TYPE,
    TOKEN_FIELDS,
    Shape,
    claimed_token,
    event_key,
    event_type,
    is_for_app,
    occurred_at,
    shape_of,
    subject_of,
)
from app.security.signatures import matching, sha1_hex, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object

TIMESTAMP_HEADER: Final = "X-Lark-Request-Timestamp"
NONCE_HEADER: Final = "X-Lark-Request-Nonce"
SIGNATURE_HEADER: Final = "X-Lark-Signature"
TIMESTAMP_DIGITS: Final = 10
SHA1_DIGITS: Final = 40

FAILED_TOAST: Final = {
    "toast": {
        "type": "error",
        "content": "操作失败，请稍后再试",
        "i18n": {"zh_cn": "操作失败，请稍后再试", "en_us": "That did not work. Please try again later."},
    }
}
"""The form of page 卡片回传交互回调; only clicks on new cards know toasts."""


TOKEN_PLACES: Final = {shape: CredentialPlaces(fields=(field,)) for shape, field in TOKEN_FIELDS.items()}
EVERY_PLACE: Final = CredentialPlaces(fields=tuple(sorted(set(TOKEN_FIELDS.values()))))
NO_PLACE: Final = CredentialPlaces()


@dataclass(frozen=True, slots=True, repr=False)
class Stamp:
    """The three signature headers, as they were on the wire."""

    timestamp: bytes
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A proven body: its form, its content, and the signature where only that tells two of them apart."""

    shape: Shape
    content: dict[str, Any]
    signature: bytes = b""


class FeishuCallbacks(FeishuApp):
    """Takes events v1 and v2, callbacks, and old card clicks where they are switched on.

    Satisfies WebhookSource and CredentialBearer.
    """

    answer_within: float | None = 2.5
    """Feishu waits 3 seconds."""

    retries_failed_answers: bool = True
    """Events come again after anything but a 200."""

    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what is proven: without an Encrypt Key the token in the body says who sends, and nothing about the rest."""
        return Coverage.BODY if self.encrypt_keys else Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender: signature on the raw bytes first, then the envelope, the token and the app id.

        Every refusal looks the same from outside. Signatures count in lower-case hex only, as they are sent.
        Without an Encrypt Key the token is the only proof: the headers are then made with an empty key, as
        anybody can.
        """
        stamp = _stamp(request)
        if stamp is not None and len(stamp.signature) == SHA1_DIGITS:
            return self._verify_old_card(request.body, stamp)
        if not self.encrypt_keys:
            return self._verify_token_only(request.body)
        if stamp is None:
            return self._verify_unsigned_challenge(request.body)
        return self._verify_signed(request.body, stamp)

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where the Verification Token stands; the `token` of an old card is the handler's, to update the card with."""
        if data is None:
            return EVERY_PLACE
        shape = shape_of(data)
        return NO_PLACE if shape is None else TOKEN_PLACES.get(shape, NO_PLACE)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Echo the value of a set-up request, never encrypted; None for everything else."""
        if not verified.is_challenge:
            return None
        value = _message(verified).content.get("challenge")
        if not isinstance(value, str):
            raise PayloadError(
                "challenge_without_value", message="A set-up request must carry the text `challenge`."
            )
        return json_reply(200, {"challenge": value})

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; an unknown type is kept as it came, because Feishu adds types without notice."""
        message = _message(verified)
        shape, content = message.shape, message.content
        if shape is Shape.CHALLENGE:
            raise PayloadError("challenge_is_no_event", message="A set-up request is no event.")
        kind = event_type(shape, content)
        # Each old click has its own nonce, so only an exact copy of a request has the same signature.
        old_card_key = "card:" + sha256_hex(message.signature)
        return ParsedEvent(
            type=kind,
            key=old_card_key if shape is Shape.OLD_CARD else event_key(shape, content, kind),
            data=content,
            subject=subject_of(shape, content),
            occurred_at=occurred_at(shape, content),
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer an event in the unified words, and a callback with what its handler returned or with `{}`.

        A callback is never sent again and shows anything but 200 to the person as an error, so it always gets
        200.
        """
        kind = outcome.event.type
        if kind not in CALLBACK_TYPES:
            return default_acknowledgement(outcome)
        failed = json_reply(200, FAILED_TOAST if kind == CARD_TYPE else {})
        if outcome.situation is Situation.HANDLER_FAILED:
            return failed
        try:
            return json_reply(200, outcome.data if isinstance(outcome.data, dict) else {})
        except TypeError:
            return failed  # The handler returned something that JSON cannot say.

    def _verify_signed(self, body: bytes, stamp: Stamp) -> Verified:
        # Feishu only joins timestamp and nonce: with another length, digits could move between the two.
        if len(stamp.timestamp) != TIMESTAMP_DIGITS or not stamp.timestamp.isdigit():
            raise VerificationError(
                "bad_timestamp",
                f"{TIMESTAMP_HEADER} must be ten digits, as Feishu sends it; a proxy may have changed it.",
            )
        expected = [sha256_hex(stamp.timestamp, stamp.nonce, key.text, body) for key in self.encrypt_keys]
        position = matching(stamp.signature, expected)
        if position is None:
            raise VerificationError("bad_signature", lambda: why_signature_differs(body, self.encrypt_keys))
        try:
            plaintext, content = open_envelope(self.encrypt_keys[position], body)
        except ValueError as error:
            raise VerificationError(
                "unreadable_body",
                f"The signature fits encrypt_key {position + 1} of {len(self.encrypt_keys)}, but the body does not open "
                f"with it: {error}.",
            ) from None
        return self._admit("sha256+aes", content, plaintext)

    def _verify_unsigned_challenge(self, body: bytes) -> Verified:
        try:
            plaintext, content = self._open_with_any(body)
        except ValueError:
            raise VerificationError(
                "unsigned_and_unreadable", lambda: why_unsigned(body, self.encrypt_keys)
            ) from None
        if shape_of(content) is not Shape.CHALLENGE:
            raise VerificationError(
                "missing_signature",
                f"The body opens with an encrypt_key, but {SIGNATURE_HEADER} and its two companions are missing; only a "
                "set-up challenge comes without them. A proxy may drop them.",
            )
        return self._admit("aes+token", content, plaintext)

    def _verify_token_only(self, body: bytes) -> Verified:
        try:
            content = parse_json_object(body)
        except ValueError as error:
            raise VerificationError("unreadable_body", f"The body is no JSON object: {error}.") from None
        return self._admit("token", content, None)

    def _verify_old_card(self, body: bytes, stamp: Stamp) -> Verified:
        expected = [sha1_hex(stamp.timestamp, stamp.nonce, token, body) for token in self.tokens]
        if matching(stamp.signature, expected) is None:
            raise VerificationError(
                "bad_signature", why_old_card_differs(self.tokens, taken=self.settings.old_cards)
            )
        if not self.settings.old_cards:
            raise VerificationError("old_cards_not_taken", message=OLD_CARDS_NOT_TAKEN)
        try:
            content = parse_json_object(body)
            plaintext, content = self._open_with_any(body) if "encrypt" in content else (None, content)
        except ValueError as error:
            raise VerificationError(
                "unreadable_body", f"The SHA-1 signature fits, but the body cannot be read: {error}."
            ) from None
        if shape_of(content) is not Shape.OLD_CARD:
            raise VerificationError(
                "sha1_is_for_old_cards_only",
                "The SHA-1 signature fits, but the body is no click on an old card.",
            )
        message = Message(Shape.OLD_CARD, content, stamp.signature)
        return Verified("sha1", plaintext, context=message, is_encrypted=plaintext is not None)

    def _open_with_any(self, body: bytes) -> tuple[bytes, dict[str, Any]]:
        # Without a SHA-256 signature nothing says which of the keys was used.
        for key in self.encrypt_keys:
            try:
                return open_envelope(key, body)
            except ValueError:
                continue
        raise ValueError("no key opens it")

    def _admit(self, scheme: str, content: dict[str, Any], plaintext: bytes | None) -> Verified:
        shape = shape_of(content)
        if shape is None:
            raise VerificationError("unreadable_body", why_no_shape(content, self.encrypt_keys))
        if not self.tokens:
            raise VerificationError(
                "verification_token_not_set",
                "Set verification_token: copy it from Events & Callbacks in the console.",
            )
        if shape is Shape.OLD_CARD or matching(claimed_token(shape, content), self.tokens) is None:
            # The `token` of an old card is a credential for updating it; its proof is the SHA-1 signature.
            raise VerificationError("wrong_verification_token", why_token_differs(shape, self.tokens, scheme))
        if not is_for_app(shape, content, self.settings.app_id):
            raise VerificationError("wrong_app_id", why_app_differs(shape, content, self.settings.app_id))
        is_challenge = shape is Shape.CHALLENGE
        return Verified(
            scheme,
            plaintext,
            is_challenge=is_challenge,
            context=Message(shape, content),
            is_encrypted=plaintext is not None,
        )


def _stamp(request: InboundRequest) -> Stamp | None:
    names = (TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)
    values = [wire_bytes(value) for name in names if (value := request.header(name)) is not None]
    if not values:
        return None
    if len(values) != len(names) or not all(values):
        missing = [name for name in names if not request.header(name)]
        raise VerificationError(
            "missing_signature_header",
            f"Missing or empty: {', '.join(missing)}; a proxy may drop headers it does not know.",
        )
    return Stamp(*values)


def _message(verified: Verified) -> Message:
    if not isinstance(verified.context, Message):
        raise PayloadError("not_verified_here")
    return verified.context
