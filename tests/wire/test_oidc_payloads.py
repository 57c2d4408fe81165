"""Signed claims are read as all JSON from outside: bounded, and half a character is a wrong value like any other."""

from __future__ import annotations

import json

import pytest
from joserfc import jws

from tests.wire.test_oidc import CLAIMS, key_for, refusal


def payload_signed(payload: bytes) -> str:
    head = {"alg": "ES256", "typ": "JWT", "kid": "key-1"}
    return jws.serialize_compact(head, payload, key_for("ES256", 1), algorithms=["ES256"])


@pytest.mark.parametrize("name", ["nonce", "at_hash", "sub", "iss", "azp"])
def test_half_a_character_in_a_claim_is_refused_as_any_other_wrong_value(name: str):
    claims = json.dumps({**CLAIMS, name: "cut \ud83d"}).encode()
    assert f"({name})" in refusal(payload_signed(claims))


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"not json",
        json.dumps(CLAIMS).encode()[:-1] + b', "deep": ' + b"[" * 90 + b"]" * 90 + b"}",
        json.dumps(CLAIMS).encode()[:-1] + b', "many": ' + b"9" * 5000 + b"}",
        json.dumps(CLAIMS).encode()[:-1] + b', "nan": NaN}',
    ],
)
def test_signed_claims_that_cannot_be_read_are_no_unknown_key(payload: bytes):
    assert "claims" in refusal(payload_signed(payload))
