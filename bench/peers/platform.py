"""A platform of WeChat's kind that answers at once: what relayed calls are sent to."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.post("/cgi-bin/stable_token")
def stable_token() -> dict[str, object]:
    return {"access_token": "bench-access-token-0001", "expires_in": 7200}


@app.get("/cgi-bin/user/info")
def user_info() -> dict[str, object]:
    return {"subscribe": 1, "openid": "oBench", "language": "zh_CN", "subscribe_time": 1763640000}


@app.get("/healthz")
def healthz() -> str:
    return "ok"
