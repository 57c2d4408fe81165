"""Small clients of the simulated platforms, written as an application would talk to them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.sandbox.server import SandboxServer

RETURN_ADDRESS = "http://shop.example/oauth/callback?keep=1"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def get(url: str, **query: str) -> requests.Response:
    """Gets an address without following redirects."""
    return requests.get(f"{url}?{urlencode(query)}" if query else url, allow_redirects=False, timeout=5)


def returned(response: requests.Response) -> dict[str, str]:
    """Reads what a login page sent back to the return address."""
    assert response.status_code == 302, response.text
    location = urlsplit(response.headers["Location"])
    assert location.netloc == "shop.example"
    return dict(parse_qsl(location.query))


def feishu_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the Feishu login page."""
    query = {
        "client_id": sandbox.settings.feishu_app_id,
        "response_type": "code",
        "redirect_uri": RETURN_ADDRESS,
        "scope": "offline_access",
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/feishu/open-apis/authen/v1/authorize", **query)


def feishu_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(feishu_authorize(sandbox, **changes))["code"]


def feishu_fields(sandbox: SandboxServer, **fields: str) -> dict[str, str]:
    """Returns the fields of a Feishu token request; an empty one is left out."""
    body = {
        "grant_type": "authorization_code",
        "client_id": sandbox.settings.feishu_app_id,
        "client_secret": sandbox.settings.feishu_app_secret,
        **fields,
    }
    return {name: value for name, value in body.items() if value}


def feishu_token(sandbox: SandboxServer, **fields: str) -> requests.Response:
    """Calls the Feishu token endpoint with a form."""
    body = feishu_fields(sandbox, **fields)
    return requests.post(f"{sandbox.url}/feishu/oauth/v3/token", data=body, timeout=5)


def wechat_authorize(sandbox: SandboxServer, scope: str = "snsapi_userinfo") -> requests.Response:
    """Opens the WeChat authorize link with its parameters in the required order."""
    return get(
        f"{sandbox.url}/wechat/connect/oauth2/authorize",
        appid=sandbox.settings.wechat_app_id,
        redirect_uri=RETURN_ADDRESS,
        response_type="code",
        scope=scope,
        state="s1",
    )


def wechat_token(sandbox: SandboxServer, code: str, **changes: str) -> dict[str, Any]:
    """Exchanges a WeChat code."""
    query = {
        "appid": sandbox.settings.wechat_app_id,
        "secret": sandbox.settings.wechat_app_secret,
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
        "appid": sandbox.settings.wechat_app_id,
        "secret": sandbox.settings.wechat_app_secret,
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


def oauth2_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the OAuth2 login page."""
    query = {
        "client_id": sandbox.settings.oauth2_client_id,
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": "profile balance",
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/oauth2/api/oauth2/authorize", **query)


def oauth2_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(oauth2_authorize(sandbox, **changes))["code"]


def oauth2_token(sandbox: SandboxServer, **fields: str) -> requests.Response:
    """Calls the OAuth2 token endpoint."""
    body = {
        "grant_type": "authorization_code",
        "redirect_uri": RETURN_ADDRESS,
        "client_id": sandbox.settings.oauth2_client_id,
        "client_secret": sandbox.settings.oauth2_client_secret,
        **fields,
    }
    return requests.post(f"{sandbox.url}/oauth2/api/oauth2/token", data=body, timeout=5)


def oauth2_get(sandbox: SandboxServer, name: str, token: str) -> requests.Response:
    """Calls a protected OAuth2 endpoint."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.url}/oauth2/api/oauth2/{name}", headers=headers, timeout=5)
