"""The unified envelope's schemes and Standard Webhooks against independent libraries."""

from __future__ import annotations

import hashlib
import hmac
import time

import jwt
from standardwebhooks import Webhook

from sandbox.signers import unified

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


def test_standard_webhooks_library_accepts_our_signature() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = unified.standard_webhooks_headers(secret, "msg_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers)["name"] == "你好"


def test_standard_webhooks_signature_matches_the_published_form() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"type":"invoice.paid","timestamp":"2026-05-28T20:26:40Z","data":{"id":"inv_1","total":"9.90"}}'
    headers = unified.standard_webhooks_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1779999999, body)
    assert headers["webhook-signature"] == "v1,3Ygfz3S0TdXq2j9byQzUEXtNlqw9RSw1ZE3bZcgP/Lk="


def test_scheme_token_shows_the_secret() -> None:
    assert unified.token_headers(SECRET) == {"X-Token": SECRET}
