"""The unified envelope's schemes against independent libraries."""

from __future__ import annotations

import hashlib
import hmac
import time

import jwt

from sandbox.platforms.callback import signer as unified

SECRET = "a-secret-of-more-than-thirty-two-bytes-in-all"
BODY = '{"event_id":"1","name":"你好"}'.encode()


def test_scheme_body_signs_the_raw_body() -> None:
    expected = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    assert unified.body_headers(SECRET, BODY) == {"X-Signature": f"sha256={expected}"}


def test_scheme_timestamp_nonce_signs_body_then_timestamp_then_nonce() -> None:
    headers = unified.timestamp_nonce_headers(SECRET, BODY, "1700000000", "abc")
    expected = hmac.new(SECRET.encode(), BODY + b"1700000000abc", hashlib.sha256).hexdigest()
    assert headers == {"X-Timestamp": "1700000000", "X-Nonce": "abc", "X-Signature": expected}


def test_scheme_jwt_is_accepted_by_an_independent_library() -> None:
    now = int(time.time())
    token = unified.jwt_headers(SECRET, BODY, now)["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"require": ["exp", "iat"]})
    assert claims["body_sha256"] == hashlib.sha256(BODY).hexdigest()


def test_scheme_token_shows_the_secret() -> None:
    assert unified.token_headers(SECRET) == {"X-Token": SECRET}
