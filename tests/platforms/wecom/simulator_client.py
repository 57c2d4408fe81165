"""A small client of the simulated WeCom, written as an application would talk to it."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get
from tests.sandbox.server import SandboxServer


def in_app(sandbox: SandboxServer, scope: str = "snsapi_base", **changes: str) -> requests.Response:
    """Opens the link inside the app, its parameters in the platform's order."""
    query = {
        "appid": sandbox.settings["WECOM_CORP_ID"],
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": scope,
        "state": "s1",
        "agentid": sandbox.settings["WECOM_AGENT_ID"],
    }
    return get(f"{sandbox.url}/wecom/connect/oauth2/authorize", **(query | changes))


def by_qr(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the page with the QR code."""
    query = {
        "login_type": "CorpApp",
        "appid": sandbox.settings["WECOM_CORP_ID"],
        "agentid": sandbox.settings["WECOM_AGENT_ID"],
        "redirect_uri": RETURN_ADDRESS,
        "state": "s1",
    }
    return get(f"{sandbox.url}/wecom/wwlogin/sso/login", **(query | changes))


def app_token(sandbox: SandboxServer, **changes: str) -> dict[str, Any]:
    """Asks for the application's token."""
    query = {"corpid": sandbox.settings["WECOM_CORP_ID"], "corpsecret": sandbox.settings["WECOM_SECRET"]}
    answer: dict[str, Any] = get(f"{sandbox.url}/wecom/cgi-bin/gettoken", **(query | changes)).json()
    return answer


def who(sandbox: SandboxServer, code: str, token: str | None = None) -> dict[str, Any]:
    """Asks whose code this is."""
    query = {"access_token": app_token(sandbox)["access_token"] if token is None else token, "code": code}
    answer: dict[str, Any] = get(f"{sandbox.url}/wecom/cgi-bin/auth/getuserinfo", **query).json()
    return answer


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [by_qr(sandbox), in_app(sandbox, "snsapi_privateinfo"), by_qr(sandbox, agentid="7")]
