"""A destination that takes everything: what forwarded events are sent to."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.post("/sink")
def sink() -> str:
    return "ok"


@app.get("/healthz")
def healthz() -> str:
    return "ok"
