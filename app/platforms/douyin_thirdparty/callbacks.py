"""Messages of the Douyin third-party platform: proof, meaning, answer. Sources: see the package and envelope.

A message comes up to three times more until the answer is `success`. Nothing bounds its age (a repeated one may keep its time), so
de-duplication is what stops a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.config.platform_settings import plain
from app.core.errors import PayloadError, RequestError, VerificationError, unreadable_json
from app.core.values import Coverage, InboundRequest, Outcome, ParsedEvent, Reply, Verified, text_reply
from app.platforms.douyin_thirdparty.envelope import key_of, open_message
from app.platforms.douyin_thirdparty.settings import DouyinThirdpartySettings
from app.security.signatures import how_many, matching, sha1_hex, strict_base64
from app.security.strict_json import parse_json_object
from app.wire.beijing_time import beijing_moment_or_none
from app.wire.notice_answers import notice_answer

PARTS: Final = ("TimeStamp", "Nonce", "Encrypt", "MsgSignature")
LONGEST_WORD: Final = 255


@dataclass(frozen=True, repr=False)
class DouyinThirdpartyCallbacks:
    """Takes messages; satisfies WebhookSource and RefusalWording of app.core.ports."""

    settings: DouyinThirdpartySettings
    tokens: tuple[bytes, ...] = field(init=False)
    keys: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = 4.5
    """The deadline is `unconfirmed`; 5 seconds is what Douyin's other callbacks have."""

    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers: Coverage = Coverage.BODY

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        object.__setattr__(self, "tokens", plain(self.settings.token))
        object.__setattr__(self, "keys", tuple(map(key_of, plain(self.settings.encoding_aes_key))))

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the four parts of the body by a token, then open the message."""
        parts = _parts(request.body)
        message = [parts[name].encode("utf-8", "surrogatepass") for name in PARTS[:3]]
        expected = [sha1_hex(*sorted([token, *message])) for token in self.tokens]
        if matching(parts["MsgSignature"].lower(), expected) is None:
            raise VerificationError(
                "bad_signature",
                f"Tried: {how_many(self.tokens, 'token')}, over token, TimeStamp, Nonce and Encrypt. Compare it with the console.",
            )
        try:
            opened = open_message(self.keys, strict_base64(message[2]), self.settings.tp_app_id)
        except ValueError as error:
            raise VerificationError(
                "decrypt_failed",
                f"The signature fits, but the message cannot be opened for tp_app_id. Tried: "
                f"{how_many(self.keys, 'encoding_aes_key')}.",
            ) from error
        return Verified("douyin-thirdparty", opened, is_encrypted=True)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: type is `Event`, or `MsgType` where there is none."""
        try:
            data = parse_json_object(verified.plaintext or b"")
        except ValueError as error:
            raise unreadable_json(error) from error
        kind = _word(data, "Event") or _word(data, "MsgType")
        if kind is None:
            raise PayloadError("missing_event", message="The message must carry Event or MsgType as text.")
        occurred = beijing_moment_or_none(_word(data, "CreateTime"))
        return ParsedEvent(kind, self._key(kind, data), data, _word(data, "AppId"), occurred)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer exactly `success`; anything else brings the message again."""
        return notice_answer(outcome, taken=text_reply(200, "success"), failed=text_reply(500, "fail"))

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Answer every refusal with `fail`."""
        return text_reply(error.http_status, "fail")

    def _key(self, kind: str, data: Mapping[str, Any]) -> str | None:
        """Return what identifies a message: there is no id. A code is used once; the rest is told apart by its time."""
        code = _word(data, "AuthorizationCode")
        told = [code] if code else [_word(data, name) for name in ("AppId", "CreateTime")]
        if not code and told[-1] is None:
            return None
        return ":".join([self.settings.tp_app_id, kind, *filter(None, told)])


def _parts(body: bytes) -> dict[str, str]:
    try:
        content = parse_json_object(body)
    except ValueError as error:
        raise VerificationError(
            "unreadable_body", "The body is not JSON, and this platform sends JSON."
        ) from error
    parts = {name: content.get(name) for name in PARTS}
    texts = {name: value for name, value in parts.items() if isinstance(value, str) and value}
    if len(texts) != len(PARTS):
        raise VerificationError(
            "missing_signature", f"The body must hold {', '.join(PARTS)} as texts that are not empty."
        )
    return texts


def _word(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_WORD or not value.isprintable():
        return None
    return value
