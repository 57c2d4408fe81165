"""What proves and hides messages of the WeChat family: sorted SHA-1 signatures, EncodingAESKey, encrypted envelopes.

Used by every platform that speaks this protocol. Pure: bytes in, values out; nothing here knows a channel's mode.
Source: WeChat "消息推送" page, "加解密" section; WeCom documents 90968 and 91144 (read 2026-11-20).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from app.core.errors import VerificationError
from app.core.values import Reply
from app.security.safe_xml import cdata
from app.security.signatures import how_many, matching, sha1_hex, strict_base64
from app.wire.aes_envelopes import (
    WECHAT_BLOCK,
    open_wechat_envelope,
    owner_of_wechat_envelope,
    seal_wechat_envelope,
)
from app.wire.wechat_family.messages import WireFormat

ENCODING_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
AES_KEY_BYTES = 32
LONGEST_ID = 64


def wechat_signature(*parts: bytes) -> str:
    """Return the SHA-1 over the parts in byte order, joined without separators, as lower-case hex."""
    return sha1_hex(*sorted(parts))


def decode_aes_key(text: str) -> bytes:
    """Return the 32 bytes of an EncodingAESKey; raises ValueError unless it has exactly 43 Base64 characters.

    43 characters carry 258 bits and the last two are thrown away, so the last character need not be canonical.
    A filler that completes the 33rd byte keeps decoders out of the question which of the four forms is the right one.
    """
    if not ENCODING_AES_KEY.fullmatch(text):
        raise ValueError("an EncodingAESKey has exactly 43 characters, letters and digits")
    return strict_base64(text + "A")[:AES_KEY_BYTES]


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A message taken out of its envelope, and which of the keys fitted: the reply must use the same ones."""

    plaintext: bytes
    token: bytes
    aes_key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class WechatKeyring:
    """The tokens and AES keys of one account, the current ones first; `receive_id` is its app id or corp id."""

    tokens: tuple[bytes, ...]
    aes_keys: tuple[bytes, ...]
    receive_id: bytes

    def signing_token(self, signature: str, *signed: str) -> bytes:
        """Return the token that makes `signature` over the signed values; raises VerificationError.

        Without a token nothing is computed: a digest over an empty token could be made by anybody.
        """
        if not self.tokens:
            raise VerificationError(
                "token_not_set",
                "Set token: copy the Token from the message push page of the platform's console.",
            )
        position = self._matching_token(signature, signed)
        if position is None:
            raise VerificationError(
                "bad_signature",
                f"Tried: {how_many(self.tokens, 'token')}, over timestamp, nonce"
                f"{' and Encrypt' if len(signed) > 2 else ''}; none made the signature. Compare token with the Token of "  # noqa: PLR2004
                "the platform's message push page, of this very account.",
            )
        return self.tokens[position]

    def open(self, *, msg_signature: str, timestamp: str, nonce: str, ciphertext: str) -> Opened:
        """Check `msg_signature`, which covers the ciphertext, then open the envelope; raises VerificationError."""
        try:
            token = self.signing_token(msg_signature, timestamp, nonce, ciphertext)
        except VerificationError:
            if self._matching_token(msg_signature, (timestamp, nonce)) is None:
                raise
            # Sent to us by people who mix the two up; it covers no body and must never be enough.
            raise VerificationError(
                "signature_in_place_of_msg_signature",
                "The token fits, but msg_signature holds the value of signature, which covers no body. Whoever sends this "
                "mixes the two up; the platform does not.",
            ) from None
        try:
            sealed = strict_base64(ciphertext)
        except ValueError:
            raise VerificationError(
                "ciphertext_not_base64",
                "The token fits, but Encrypt is not Base64; the body was changed on the way.",
            ) from None
        for key in self.aes_keys:
            try:
                return Opened(_open_whole_blocks(key, sealed, self.receive_id), token, key)
            except ValueError:
                continue
        raise VerificationError("wrong_aes_key_or_receive_id", lambda: self._why_unopened(sealed))

    def receiver_of(self, ciphertext: str) -> bytes | None:
        """Return whom a ciphertext is for, None when no key opens it; only for what a signature has proven."""
        try:
            sealed = strict_base64(ciphertext)
        except ValueError:
            return None
        for key in self.aes_keys:
            try:
                return owner_of_wechat_envelope(key, sealed)
            except ValueError:
                continue
        return None

    def _why_unopened(self, sealed: bytes) -> str:
        """Say whether the key or the id differed; ids of accounts are no secrets."""
        for position, key in enumerate(self.aes_keys, start=1):
            try:
                owner = owner_of_wechat_envelope(key, sealed)
            except ValueError:
                continue
            return (
                f"Token and encoding_aes_key {position} fit, but the id differed: the message is for "
                f"{owner[:LONGEST_ID].decode('utf-8', 'replace')!r}, this channel is {self.receive_id.decode('utf-8', 'replace')!r}."
            )
        return (
            f"The token fits, the key does not. Tried: {how_many(self.aes_keys, 'encoding_aes_key')}; compare it with the "
            "EncodingAESKey of the platform's message push page. After a change keep the previous one as the second."
        )

    def seal(
        self, message: bytes, *, token: bytes, aes_key: bytes, nonce: str, timestamp: int
    ) -> SealedMessage:
        """Encrypt and sign a reply with the keys that opened the request."""
        ciphertext = base64.b64encode(seal_wechat_envelope(aes_key, message, self.receive_id)).decode()
        sent_nonce = "".join(filter(str.isprintable, nonce))
        signature = wechat_signature(token, *_encoded((str(timestamp), sent_nonce, ciphertext)))
        return SealedMessage(ciphertext, signature, timestamp, sent_nonce)

    def _matching_token(self, signature: str, signed: Iterable[str]) -> int | None:
        values = _encoded(signed)
        return matching(_bytes(signature), [wechat_signature(token, *values) for token in self.tokens])


@dataclass(frozen=True, slots=True, repr=False)
class SealedMessage:
    """An encrypted reply with the signature over it."""

    ciphertext: str
    signature: str
    timestamp: int
    nonce: str

    def reply(self, wire_format: WireFormat, *, lower_case: bool = False) -> Reply:
        """Return the answer to send, in the format the request came in; `lower_case` where its JSON names were so."""
        body = self._json(lower_case=lower_case) if wire_format is WireFormat.JSON else self._xml()
        return Reply(200, body, wire_format.content_type)

    def _json(self, *, lower_case: bool) -> bytes:
        members = {
            "Encrypt": self.ciphertext,
            "MsgSignature": self.signature,
            "TimeStamp": self.timestamp,
            "Nonce": self.nonce,
        }
        return orjson.dumps({name.lower() if lower_case else name: value for name, value in members.items()})

    def _xml(self) -> bytes:
        return (
            f"<xml><Encrypt>{cdata(self.ciphertext)}</Encrypt>"
            f"<MsgSignature>{cdata(self.signature)}</MsgSignature>"
            f"<TimeStamp>{self.timestamp}</TimeStamp>"
            f"<Nonce>{cdata(self.nonce)}</Nonce></xml>"
        ).encode()


def _open_whole_blocks(key: bytes, sealed: bytes, receive_id: bytes) -> bytes:
    if len(sealed) % WECHAT_BLOCK:
        raise ValueError("not whole blocks of 32 bytes")
    return open_wechat_envelope(key, sealed, receive_id)


def _encoded(values: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(_bytes(value) for value in values)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "replace")
