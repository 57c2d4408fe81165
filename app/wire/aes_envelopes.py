"""AES envelopes of the platforms: CBC with checked padding. Every failure is one and the same ValueError.

Padding is checked byte by byte and failures are not told apart, so an answer cannot serve as a padding oracle;
callers verify the outer signature before they open anything.
"""

from __future__ import annotations

import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_BLOCK = 16
WECHAT_BLOCK = 32
WECHAT_HEAD = 20
OPEN_FAILED = "the envelope cannot be opened"


def aes_cbc_decrypt(key: bytes, iv: bytes, ciphertext: bytes, *, padding_block: int) -> bytes:
    """Decrypt and take off the padding of 1 to `padding_block` equal bytes; raises ValueError."""
    if not ciphertext or len(ciphertext) % AES_BLOCK:
        raise ValueError(OPEN_FAILED)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= padding_block or count > len(padded) or padded[-count:] != bytes([count]) * count:
        raise ValueError(OPEN_FAILED)
    return padded[:-count]


def aes_cbc_encrypt(key: bytes, iv: bytes, plaintext: bytes, *, padding_block: int) -> bytes:
    """Pad to whole blocks of `padding_block` bytes (always at least one byte) and encrypt."""
    count = padding_block - len(plaintext) % padding_block
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plaintext + bytes([count]) * count) + encryptor.finalize()


def aes_gcm_decrypt(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """Open what AES-GCM sealed, its tag at the end; raises ValueError."""
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError) as error:
        raise ValueError(OPEN_FAILED) from error


def open_wechat_envelope(key: bytes, ciphertext: bytes, receive_id: bytes) -> bytes:
    """Open random(16) + length(4, big-endian) + message + id, padded to 32; raises ValueError.

    The id must equal `receive_id` (app id or corp id) exactly. Source: WeChat message push page, "消息加解密"
    (read 2026-11-20); WeCom document 91144.
    """
    content = aes_cbc_decrypt(key, key[:AES_BLOCK], ciphertext, padding_block=WECHAT_BLOCK)
    if len(content) < WECHAT_HEAD:
        raise ValueError(OPEN_FAILED)
    (length,) = struct.unpack(">I", content[16:WECHAT_HEAD])
    message, owner = content[WECHAT_HEAD : WECHAT_HEAD + length], content[WECHAT_HEAD + length :]
    if len(message) != length or owner != receive_id:
        raise ValueError(OPEN_FAILED)
    return message


def owner_of_wechat_envelope(key: bytes, ciphertext: bytes) -> bytes:
    """Return the id an envelope ends with, whosever it is; raises ValueError. Only to say why one is refused."""
    content = aes_cbc_decrypt(key, key[:AES_BLOCK], ciphertext, padding_block=WECHAT_BLOCK)
    (length,) = struct.unpack(">I", content[16:WECHAT_HEAD].rjust(4, b"\xff"))
    if WECHAT_HEAD + length > len(content):
        raise ValueError(OPEN_FAILED)
    return content[WECHAT_HEAD + length :]


def seal_wechat_envelope(key: bytes, message: bytes, receive_id: bytes) -> bytes:
    """Make the envelope that open_wechat_envelope opens, with 16 fresh random bytes in front."""
    content = secrets.token_bytes(16) + struct.pack(">I", len(message)) + message + receive_id
    return aes_cbc_encrypt(key, key[:AES_BLOCK], content, padding_block=WECHAT_BLOCK)
