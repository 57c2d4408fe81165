"""An independent sender of the WeChat protocol for tests; written from the documentation, it shares nothing with app/."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


def sha1_of_sorted(*values: str) -> str:
    return hashlib.sha1("".join(sorted(values)).encode()).hexdigest()


def key_bytes(encoding_aes_key: str) -> bytes:
    return base64.b64decode(encoding_aes_key + "=")


@dataclass(frozen=True)
class WechatSigner:
    """One account as the platform sees it."""

    token: str = "gatewayToken01"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    app_id: str = "wx1234567890abcdef"
    timestamp: str = "1700000000"
    nonce: str = "n0nce123"

    def encrypt(
        self, message: bytes, *, prefix: bytes = b"0123456789abcdef", pad: bytes | None = None
    ) -> str:
        content = prefix + len(message).to_bytes(4, "big") + message + self.app_id.encode()
        count = BLOCK - len(content) % BLOCK
        return self.encrypt_raw(content + (bytes([count]) * count if pad is None else pad))

    def encrypt_raw(self, padded: bytes) -> str:
        key = key_bytes(self.aes_key)
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()

    def decrypt(self, ciphertext: str) -> bytes:
        key = key_bytes(self.aes_key)
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = cipher.update(base64.b64decode(ciphertext)) + cipher.finalize()
        content = padded[: -padded[-1]]
        length = int.from_bytes(content[16:20], "big")
        assert content[20 + length :] == self.app_id.encode()
        return content[20 : 20 + length]

    def plain_query(self, **more: str) -> str:
        signature = sha1_of_sorted(self.token, self.timestamp, self.nonce)
        return self.query(signature=signature, **more)

    def sealed_query(self, ciphertext: str, **more: str) -> str:
        msg_signature = sha1_of_sorted(self.token, self.timestamp, self.nonce, ciphertext)
        return self.plain_query(encrypt_type="aes", msg_signature=msg_signature, **more)

    def query(self, **more: str) -> str:
        return urlencode({"timestamp": self.timestamp, "nonce": self.nonce, **more})


def xml_envelope(ciphertext: str, to: str = "gh_0123456789ab") -> bytes:
    return f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode()


def json_envelope(ciphertext: str, to: str = "gh_0123456789ab") -> bytes:
    return json.dumps({"ToUserName": to, "Encrypt": ciphertext}).encode()


def xml_message(**fields: str) -> bytes:
    named = {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": "oTestOpenId_0000000000000001",
        "CreateTime": "1700000000",
        "MsgType": "text",
    } | fields
    return (
        "<xml>" + "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in named.items()) + "</xml>"
    ).encode()
