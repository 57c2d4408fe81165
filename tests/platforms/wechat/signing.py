"""One WeChat account as the simulator's signer plays it, with every part open to what a test wants changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.platforms.wechat import signer


def sha1_of_sorted(*values: str) -> str:
    return signer.sorted_sha1(*values)


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
        if pad is None:
            return signer.encrypt(message, self.aes_key, self.app_id, prefix)
        return self.encrypt_raw(signer.framed(message, self.app_id, prefix) + pad)

    def encrypt_raw(self, padded: bytes) -> str:
        return signer.encrypt_padded(padded, self.aes_key)

    def decrypt(self, ciphertext: str) -> bytes:
        return signer.decrypt(ciphertext, self.aes_key, self.app_id)

    def plain_query(self, **more: str) -> str:
        signature = signer.signature(self.token, self.timestamp, self.nonce)
        return self.query(signature=signature, **more)

    def sealed_query(self, ciphertext: str, **more: str) -> str:
        msg_signature = signer.message_signature(self.token, self.timestamp, self.nonce, ciphertext)
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
