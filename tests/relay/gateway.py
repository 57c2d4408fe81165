"""A gateway whose siblings share tokens: four channels at a simulator, and API tokens of several kinds."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.factory import create_app
from app.pipeline.services import Services
from sandbox.settings import SandboxSettings

SHOP, READER, OTHER, WEB = "shop-token-93d1c7", "read-token-51ab2e", "other-token-7c40de", "page-token-28fe61"
"""May relay everything there is here; may read; may relay the channel wecom alone; may sign pages and lend tokens."""

PATHS = '["/cgi-bin/*", "/open-apis/*", "/v1.0/*", "/topapi/*", "/sns/*"]'
TOKENS = f"""
[[api_tokens]]
name = "shop"
token = "{SHOP}"
scopes = ["relay", "user-token"]
paths = {PATHS}

[[api_tokens]]
name = "other"
token = "{OTHER}"
scopes = ["relay"]
channels = ["wecom"]
paths = ["GET /cgi-bin/user/get"]

[[api_tokens]]
name = "pages"
token = "{WEB}"
scopes = ["token"]

[[api_tokens]]
name = "reader"
token = "{READER}"
scopes = ["read"]
"""


def channels_file(own: SandboxSettings, url: str) -> str:
    """Return the channels of four platforms, all at one simulator, and the tokens."""
    return f"""
[channels.wechat]
platform = "wechat"
app_id = "{own["WECHAT_APP_ID"]}"
app_secret = "{own["WECHAT_APP_SECRET"]}"
token = "{own["WECHAT_TOKEN"]}"
encoding_aes_key = "{own["WECHAT_ENCODING_AES_KEY"]}"
api_base = "{url}/wechat"
open_base = "{url}/wechat"
mp_base = "{url}/wechat"

[channels.wecom]
platform = "wecom"
corp_id = "{own["WECOM_CORP_ID"]}"
agent_id = "{own["WECOM_AGENT_ID"]}"
secret = "{own["WECOM_SECRET"]}"
api_base = "{url}/wecom"

[channels.feishu]
platform = "feishu"
app_id = "{own["FEISHU_APP_ID"]}"
app_secret = "{own["FEISHU_APP_SECRET"]}"
api_base = "{url}/feishu"
accounts_base = "{url}/feishu"

[channels.dingtalk]
platform = "dingtalk"
app_key = "{own["DINGTALK_APP_KEY"]}"
app_secret = "{own["DINGTALK_APP_SECRET"]}"
corp_id = "dingsandboxcorp01"
agent_id = "1000002"
api_base = "{url}/dingtalk"
oapi_base = "{url}/dingtalk"

[channels.plain]
platform = "callback"
secret = "callback-3f9d1c7b5a"
{TOKENS}"""


def bearer(token: str) -> dict[str, str]:
    """Return the header of an API token."""
    return {"Authorization": f"Bearer {token}"}


class Sibling:
    """A service of the same company, that asks a gateway."""

    def __init__(self, services: Services):
        self.services = services
        self.app: Flask = create_app(services=services)
        self._client = self.app.test_client()

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> TestResponse:
        """Send one request, with an API token or without."""
        headers = {**(bearer(token) if token else {}), **options.pop("headers", {})}
        return self._client.open(path, method=method, headers=headers, buffered=True, **options)

    def relay_token(self, channel: str = "wechat", token: str = SHOP) -> str:
        """Get a relay token in the platform's own form."""
        if channel == "wechat":
            answer = self.ask(
                "GET", f"/relay/wechat/cgi-bin/token?grant_type=client_credential&appid=x&secret={token}"
            )
        elif channel == "wecom":
            answer = self.ask("GET", f"/relay/wecom/cgi-bin/gettoken?corpid=x&corpsecret={token}")
        elif channel == "feishu":
            path = "/relay/feishu/open-apis/auth/v3/tenant_access_token/internal"
            answer = self.ask("POST", path, json={"app_id": "x", "app_secret": token})
        else:
            body = {"appKey": "x", "appSecret": token}
            answer = self.ask("POST", "/relay/dingtalk/v1.0/oauth2/accessToken", json=body)
        assert answer.status_code == 200, answer.text
        content = answer.json or {}
        return str(
            next(
                content[name]
                for name in ("access_token", "tenant_access_token", "accessToken")
                if name in content
            )
        )
