"""AES envelopes against published vectors (Project Wycheproof, Feishu) and an independent library (pycryptodome), both ways."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Padding import pad
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import VerificationError
from app.wire.aes_envelopes import OPEN_FAILED, aes_cbc_decrypt, aes_cbc_encrypt, aes_gcm_decrypt
from app.wire.sources.content import compile_unwrap, unwrap
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Signature
from tests.platforms.deliveries import delivery

VECTORS: dict[str, Any] = json.loads(
    Path(__file__).with_name("vectors").joinpath("aes.json").read_text("utf-8")
)
KEY_TEXT = "test key"
PUBLISHED = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
"""Feishu, page 步骤三：接收事件 (read 2026-11-20): under the SHA-256 of `test key` this is `hello world`."""


def raw(row: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(row[name]) for name in names]


def each(kind: str, result: str) -> Any:
    rows = [row for row in VECTORS[kind] if row["result"] == result]
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row['id']} {row['comment']}"[:50])


@each("cbc", "valid")
def test_cbc_opens_what_wycheproof_sealed_and_seals_the_same(row: dict[str, Any]) -> None:
    key, iv, plain, sealed = raw(row, "key", "iv", "msg", "ct")
    assert aes_cbc_decrypt(key, iv, sealed, padding_block=16) == plain
    assert aes_cbc_encrypt(key, iv, plain, padding_block=16) == sealed


@each("cbc", "invalid")
def test_cbc_refuses_wrong_padding_with_one_error(row: dict[str, Any]) -> None:
    key, iv, sealed = raw(row, "key", "iv", "ct")
    with pytest.raises(ValueError, match=f"^{OPEN_FAILED}$"):
        aes_cbc_decrypt(key, iv, sealed, padding_block=16)


@each("gcm", "valid")
def test_gcm_opens_what_wycheproof_sealed(row: dict[str, Any]) -> None:
    key, nonce, plain, sealed, tag, associated = raw(row, "key", "iv", "msg", "ct", "tag", "aad")
    assert aes_gcm_decrypt(key, nonce, sealed + tag, associated) == plain


@each("gcm", "invalid")
def test_gcm_refuses_altered_tags_with_one_error(row: dict[str, Any]) -> None:
    key, nonce, sealed, tag, associated = raw(row, "key", "iv", "ct", "tag", "aad")
    with pytest.raises(ValueError, match=f"^{OPEN_FAILED}$"):
        aes_gcm_decrypt(key, nonce, sealed + tag, associated)


@pytest.mark.parametrize("cut", [0, 1, 15, 16, 17, 31])
def test_cbc_refuses_what_is_no_whole_number_of_blocks(cut: int) -> None:
    sealed = aes_cbc_encrypt(b"k" * 32, b"i" * 16, b"some words of thirty bytes, full", padding_block=16)
    with pytest.raises(ValueError, match=OPEN_FAILED):
        aes_cbc_decrypt(b"k" * 32, b"i" * 16, sealed[:cut], padding_block=16)


def opened(body: bytes, *steps: str, key: str = KEY_TEXT) -> bytes | None:
    """Unwrap a body as a source does whose description has these steps."""
    signature = Signature.model_validate(
        {"kind": "token", "signature_header": "X-Token", "unwrap": list(steps)}
    )
    return unwrap(
        signature, compile_unwrap(signature), Delivery(delivery(body), {"encrypt_key": key}, "https://x")
    )


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_a_source_opens_the_published_example_of_cbc() -> None:
    assert opened(PUBLISHED.encode(), "base64", "aes-256-cbc") == b"hello world"
    wrapped = json.dumps({"encrypt": PUBLISHED}).encode()
    assert opened(wrapped, "json:encrypt", "base64", "aes-256-cbc") == b"hello world"


@given(st.binary(max_size=100), st.text(max_size=20), st.binary(min_size=16, max_size=16))
def test_a_source_opens_what_pycryptodome_sealed_by_cbc(plain: bytes, text: str, iv: bytes) -> None:
    sealed = iv + AES.new(digest(text), AES.MODE_CBC, iv).encrypt(pad(plain, 16))
    assert opened(b64encode(sealed), "base64", "aes-256-cbc", key=text) == plain


@given(st.binary(max_size=100), st.text(max_size=20), st.binary(min_size=12, max_size=12))
def test_a_source_opens_what_pycryptodome_sealed_by_gcm(plain: bytes, text: str, nonce: bytes) -> None:
    cipher = AES.new(digest(text), AES.MODE_GCM, nonce=nonce)
    sealed, tag = cipher.encrypt_and_digest(plain)
    assert opened(b64encode(nonce + sealed + tag), "base64", "aes-256-gcm", key=text) == plain


def refused(body: bytes, *steps: str, key: str = KEY_TEXT) -> str:
    with pytest.raises(VerificationError) as caught:
        opened(body, *steps, key=key)
    return str(caught.value)


@pytest.mark.parametrize("cipher", ["aes-256-cbc", "aes-256-gcm"])
def test_a_source_refuses_another_key_a_cut_and_an_altered_body_alike(cipher: str) -> None:
    key, nonce = digest(KEY_TEXT), bytes(range(16))
    if cipher == "aes-256-cbc":
        sealed = nonce + AES.new(key, AES.MODE_CBC, nonce).encrypt(pad(b"hello world", 16))
    else:
        made = AES.new(key, AES.MODE_GCM, nonce=nonce[:12])
        sealed = nonce[:12] + b"".join(made.encrypt_and_digest(b"hello world"))
    assert opened(b64encode(sealed), "base64", cipher) == b"hello world"
    last = bytes([sealed[-1] ^ 1])
    told = {
        refused(b64encode(body), "base64", cipher, key=text)
        for body, text in (
            (sealed, "another key"),
            (sealed[:-1], KEY_TEXT),
            (sealed[:-1] + last, KEY_TEXT),
            (sealed[:16], KEY_TEXT),
            (sealed[:4], KEY_TEXT),
            (b"", KEY_TEXT),
        )
    }
    assert len(told) == 1


def test_the_two_ciphers_do_not_open_each_other() -> None:
    sealed = b64decode(PUBLISHED)
    assert refused(b64encode(sealed), "base64", "aes-256-gcm")
