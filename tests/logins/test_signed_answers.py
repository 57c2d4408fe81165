"""Answers that a provider signs: believed with its key, refused when anything of them was changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from app.core.errors import GrantRejected, UpstreamError
from app.core.values import TokenSet
from tests.logins.scripted import GRANT, TOKEN, Scripted, login
from tests.logins.signing_keys import ALIPAY_PRIVATE

MEMBER = "alipay_system_oauth_token_response"
KEY = base64.b64encode(
    ALIPAY_PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def answer(inner: str, more: Mapping[str, object] = {}) -> bytes:
    """Write an answer as Alipay does, with blanks and a slash that PHP would write."""
    sign = base64.b64encode(ALIPAY_PRIVATE.sign(inner.encode(), PKCS1v15(), SHA256())).decode()
    tail = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in more.items())
    return f'{{"{MEMBER}": {inner} {tail},"sign":{json.dumps(sign).replace("/", chr(92) + "/")}}}'.encode()


def exchanged(body: bytes) -> TokenSet:
    found: TokenSet = login("alipay", alipay_public_key=KEY).exchange(GRANT, Scripted(body))
    return found


def test_an_answer_signed_by_the_provider_is_believed():
    inner = json.dumps({**TOKEN, "open_id": "a-1"}, indent=1)
    assert exchanged(answer(inner)).access_token == TOKEN["access_token"]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"a-1", b"a-2"),
        lambda body: body.replace(b'"a-1"', b'"a-1" '),
        lambda body: body[: body.index(b',"sign"')] + b"}",
        lambda body: body.replace(MEMBER.encode(), b"another_response"),
        lambda body: body[: body.index(b',"sign"')] + b',"sign":["c2ln"]}',
    ],
    ids=["another person", "another blank", "no signature", "another member", "a signature that is no text"],
)
def test_a_changed_answer_is_refused_with_what_to_look_at(change: Any):
    body = answer(json.dumps({**TOKEN, "open_id": "a-1"}))
    with pytest.raises(UpstreamError) as caught:
        exchanged(change(body))
    assert (caught.value.platform_code, caught.value.hint) == ("bad_signature", "answer_signature")
    assert "public key" in caught.value.message


def test_nothing_beside_the_signed_member_is_used():
    body = answer(json.dumps({"open_id": "a-1"}), TOKEN)
    with pytest.raises(UpstreamError) as caught:
        exchanged(body)
    assert caught.value.code == "upstream_bad_answer"


def test_a_refusal_needs_no_signature_and_ends_the_call():
    body = b'{"error_response":{"code":"40002","sub_code":"isv.code-invalid"}}'
    with pytest.raises(GrantRejected):
        exchanged(body)


def test_without_the_key_operators_are_told_that_nothing_proves_the_answers():
    assert "alipay_public_key is not set" in login("alipay").advice
    assert login("alipay", alipay_public_key=KEY).advice is None


def test_a_key_that_is_none_stops_the_start():
    with pytest.raises(ValidationError, match="alipay_public_key") as caught:
        login("alipay", alipay_public_key="not-a-key")
    assert "not-a-key" not in str(caught.value)
