"""Message pushes as Tencent's platforms send them: two SHA-1 signatures, message encryption, XML or JSON bodies.

Protocol: developers.weixin.qq.com, "Message push" (read 2026-11-20). The padding block is 32 bytes although
AES uses 16, and the last two bits of the EncodingAESKey carry nothing.

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from base64 import b64decode, b64encode, urlsafe_b64encode
from typing import Any

import xmltodict
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PADDING_BLOCK = 32


def signature(token: str, timestamp: str, nonce: str) -> str:
    """Signs token, timestamp and nonce; it covers neither body nor echostr."""
    return sorted_sha1(token, timestamp, nonce)


def message_signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Signs the ciphertext, for a request (`msg_signature`) or a reply (`MsgSignature`)."""
    return sorted_sha1(token, timestamp, nonce, encrypted)


def encrypt(message: bytes, encoding_aes_key: str, receive_id: str, random16: bytes | None = None) -> str:
    """Encrypts random bytes, length, message and receiver id with AES-256-CBC."""
    full = framed(message, receive_id, os.urandom(16) if random16 is None else random16)
    padding = PADDING_BLOCK - len(full) % PADDING_BLOCK
    return encrypt_padded(full + bytes([padding]) * padding, encoding_aes_key)


def framed(message: bytes, receive_id: str, random16: bytes) -> bytes:
    """Puts random bytes and the length in front of a message, and the receiver id behind it."""
    return random16 + struct.pack(">I", len(message)) + message + receive_id.encode()


def encrypt_padded(padded: bytes, encoding_aes_key: str) -> str:
    """Encrypts whole blocks as they are."""
    key = _key(encoding_aes_key)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(encrypted: str, encoding_aes_key: str, receive_id: str) -> bytes:
    """Reverses `encrypt`; raises ValueError for a bad shape or a foreign receiver id."""
    key = _key(encoding_aes_key)
    raw = b64decode(encrypted, validate=True)
    if not raw or len(raw) % PADDING_BLOCK:
        raise ValueError("the ciphertext is not a multiple of 32 bytes")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = decryptor.update(raw) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= PADDING_BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise ValueError("bad padding")
    full = padded[:-padding]
    if len(full) < 20:
        raise ValueError("the plaintext is too short")
    (length,) = struct.unpack(">I", full[16:20])
    if 20 + length > len(full):
        raise ValueError("the length does not fit")
    if full[20 + length :] != receive_id.encode():
        raise ValueError("the message is for another receiver")
    return full[20 : 20 + length]


def build_xml(fields: dict[str, Any]) -> str:
    """Writes an `<xml>` document: text in CDATA, integers bare, objects nested."""
    return f"<xml>{_members(fields)}</xml>"


def parse_xml(text: str | bytes) -> dict[str, Any]:
    """Reads an `<xml>` document; raises ValueError for anything else, document types included."""
    raw = text.encode() if isinstance(text, str) else text
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise ValueError("document types are refused")
    try:
        document = xmltodict.parse(raw, disable_entities=True)
    except Exception as error:
        raise ValueError("not an XML document") from error
    root = document.get("xml")
    if not isinstance(root, dict):
        raise ValueError("the root element is not xml")
    return root


def parse_body(body: bytes) -> dict[str, Any]:
    """Reads a message body in whichever of the two formats it is written."""
    if body.lstrip().startswith(b"{"):
        value = json.loads(body)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value
    return parse_xml(body)


def build_body(fields: dict[str, Any], data_format: str) -> bytes:
    """Writes a message body as `xml` or `json`."""
    if data_format == "json":
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return build_xml(fields).encode()


def open_reply(body: bytes, *, token: str, encoding_aes_key: str, receive_id: str) -> dict[str, Any]:
    """Verifies and decrypts an encrypted passive reply and returns the message inside."""
    outer = parse_body(body)
    encrypted = str(outer["Encrypt"])
    expected = message_signature(token, str(outer["TimeStamp"]), str(outer["Nonce"]), encrypted)
    if expected != outer["MsgSignature"]:
        raise ValueError("the reply's MsgSignature is wrong")
    return parse_body(decrypt(encrypted, encoding_aes_key, receive_id))


def _members(fields: dict[str, Any]) -> str:
    return "".join(f"<{name}>{_element(value)}</{name}>" for name, value in fields.items())


def _element(value: Any) -> str:
    if isinstance(value, dict):
        return _members(value)
    if isinstance(value, int):
        return str(value)
    # A "]]>" inside the text would end the section early, so it is split over two.
    return "<![CDATA[" + str(value).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _key(encoding_aes_key: str) -> bytes:
    return b64decode(encoding_aes_key + "=")


def sorted_sha1(*parts: str) -> str:
    """Hashes its parts in the order of their letters, as every signature of this platform does."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def identifier(*parts: str) -> str:
    """Makes an OpenID or UnionID: 28 characters that start with o, always the same for the same parts."""
    return "o" + urlsafe_b64encode(hashlib.sha256("/".join(parts).encode()).digest()).decode()[:27]
