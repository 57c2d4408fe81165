"""A small client of the simulated WeChat, written as an application would talk to it."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get
from tests.sandbox.server import SandboxServer


def wechat_authorize(sandbox: SandboxServer, scope: str = "snsapi_userinfo") -> requests.Response:
    """Opens the WeChat authorize link with its parameters in the required order."""
    return get(
        f"{sandbox.url}/wechat/connect/oauth2/authorize",
        appid=sandbox.settings["WECHAT_APP_ID"],
        redirect_uri=RETURN_ADDRESS,
        response_type="code",
        scope=scope,
        state="s1",
    )


def wechat_token(sandbox: SandboxServer, code: str, **changes: str) -> dict[str, Any]:
    """Exchanges a WeChat code."""
    query = {
        "appid": sandbox.settings["WECHAT_APP_ID"],
        "secret": sandbox.settings["WECHAT_APP_SECRET"],
        "code": code,
        "grant_type": "authorization_code",
        **changes,
    }
    answer: dict[str, Any] = get(f"{sandbox.url}/wechat/sns/oauth2/access_token", **query).json()
    return answer


def account_token(sandbox: SandboxServer, **changes: Any) -> dict[str, Any]:
    """Asks for the official account's stable token."""
    body = {
        "grant_type": "client_credential",
        "appid": sandbox.settings["WECHAT_APP_ID"],
        "secret": sandbox.settings["WECHAT_APP_SECRET"],
        **changes,
    }
    url = f"{sandbox.url}/wechat/cgi-bin/stable_token"
    answer: dict[str, Any] = requests.post(url, json=body, timeout=5).json()
    return answer


def make_qr(sandbox: SandboxServer, scene: str = "bind_7f3a", seconds: int = 600) -> dict[str, Any]:
    """Makes a QR code with a scene."""
    token = account_token(sandbox)["access_token"]
    body = {
        "expire_seconds": seconds,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": scene}},
    }
    url = f"{sandbox.url}/wechat/cgi-bin/qrcode/create?access_token={token}"
    answer: dict[str, Any] = requests.post(url, json=body, timeout=5).json()
    return answer


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [wechat_authorize(sandbox), requests.get(make_qr(sandbox)["url"], timeout=5)]
