"""A key that signs is opened once: checking an RSA key takes a hundred times as long as signing with it."""

from __future__ import annotations

from joserfc import jwt
from joserfc.jwk import KeySet

from app.security.issuer_tokens import ALGORITHMS, ID_TOKEN, opened_key, sign_issuer_token
from tests.issuer.conftest import KEYS


def test_a_key_is_opened_once() -> None:
    for pair in KEYS.values():
        assert opened_key(pair.private) is opened_key(bytes(bytearray(pair.private)))


def test_a_key_that_is_kept_signs_for_its_own_name_alone() -> None:
    for alg in ALGORITHMS * 2:
        pair = KEYS[alg]
        token = sign_issuer_token({"sub": alg}, kind=ID_TOKEN, alg=alg, kid=pair.kid, private=pair.private)
        assert jwt.decode(
            token, KeySet.import_key_set({"keys": [dict(pair.public_jwk)]}), algorithms=[alg]
        ).claims == {"sub": alg}
