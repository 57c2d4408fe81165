"""An empty Flask view: what the server and the framework cost by themselves."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.post("/webhooks/callback")
def callback() -> str:
    return "ok"


@app.get("/healthz")
def healthz() -> str:
    return "ok"
