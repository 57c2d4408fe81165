"""The view of a tutorial: it checks an HMAC and remembers ids in a dict; a restart forgets everything."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import Flask, request

from bench.accounts import CALLBACK_SECRET

app = Flask(__name__)
seen: dict[str, dict[str, Any]] = {}
Answer = tuple[dict[str, str], int]


@app.post("/webhooks/callback")
def callback() -> Answer:
    expected = hmac.new(CALLBACK_SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), request.headers.get("X-Signature", "").encode()):
        return {"error": "invalid signature"}, 401
    event = request.get_json()
    if event["event_id"] in seen:
        return {"status": "already_processed"}, 200
    seen[event["event_id"]] = event
    return {"status": "accepted"}, 200


@app.get("/healthz")
def healthz() -> str:
    return "ok"
