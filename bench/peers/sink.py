"""A destination that takes everything: what forwarded events are sent to."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.post("/sink")
def sink() -> str:
    return "ok"


@app.post("/message")
def message() -> dict[str, object]:
    """Answer as Gotify does when it has taken a message."""
    return {
        "id": 1,
        "appid": 1,
        "message": "taken",
        "title": "",
        "priority": 0,
        "date": "2026-11-28T00:00:00Z",
    }


@app.get("/healthz")
def healthz() -> str:
    return "ok"
