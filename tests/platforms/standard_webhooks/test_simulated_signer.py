"""The simulator's Standard Webhooks against the reference library and the published form."""

from __future__ import annotations

import time

from standardwebhooks import Webhook

from sandbox.platforms.standard_webhooks.signer import headers_of

BODY = '{"event_id":"1","name":"你好"}'.encode()


def test_standard_webhooks_library_accepts_our_signature() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = headers_of(secret, "msg_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers)["name"] == "你好"


def test_standard_webhooks_signature_matches_the_published_form() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"type":"invoice.paid","timestamp":"2026-05-28T20:26:40Z","data":{"id":"inv_1","total":"9.90"}}'
    headers = headers_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1779999999, body)
    assert headers["webhook-signature"] == "v1,3Ygfz3S0TdXq2j9byQzUEXtNlqw9RSw1ZE3bZcgP/Lk="
