"""Texts in which keys and certificates are pasted: every form that people use, and none that is cut."""

from __future__ import annotations

from base64 import b64encode

import pytest

from app.wire.certificates import certificate_blocks, read_certificate
from app.wire.pem_texts import LONGEST_TEXT, read_blocks
from app.wire.public_keys import read_private_rsa_key, read_rsa_key
from sandbox.cloud_keys import RSA_KEY, certificate_pem, public_pem

KEY, CERTIFICATE = public_pem(RSA_KEY), certificate_pem()
DER = read_blocks(KEY)[0][1]


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.replace("\n", "\\n"),
        KEY.replace("\n", ""),
        f"some words\n{KEY}\nmore",
        b64encode(DER).decode(),
        "\n".join(KEY.splitlines()[1:-1]),
    ],
    ids=["PEM", "backslash and n", "one line", "words around", "Base64", "Base64 in lines"],
)
def test_every_form_of_a_text_is_the_same_key(text: str) -> None:
    assert [der for _, der in read_blocks(text)] == [DER]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        KEY[:-30],
        KEY.replace("END PUBLIC", "END PRIVATE"),
        "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
        " " * (LONGEST_TEXT + 1),
        KEY + "\n" * LONGEST_TEXT,
    ],
    ids=["empty", "words", "cut", "other end", "nothing inside", "long", "long with a key"],
)
def test_a_cut_or_overlong_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_blocks(text)


def test_of_a_chain_the_first_certificate_counts_and_a_key_beside_it_does_not() -> None:
    assert len(certificate_blocks(KEY + CERTIFICATE + CERTIFICATE)) == 2
    assert read_certificate(KEY + CERTIFICATE) == read_certificate(CERTIFICATE)


@pytest.mark.parametrize("read", [read_private_rsa_key, read_certificate])
def test_a_public_key_is_no_private_one_and_no_certificate(read: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(KEY)  # type: ignore[operator]


def test_a_certificate_is_no_public_key_where_only_a_key_may_stand() -> None:
    with pytest.raises(ValueError, match="another kind"):
        read_rsa_key(CERTIFICATE)
