"""A scripted OAuth 2.0 server and the channel that talks to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import UpstreamError
from app.core.ports import (
    AuthorizeRequest,
    HttpAnswer,
)
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.oauth2 import PLATFORM
from app.platforms.oauth2.login import OAuth2Login
from app.security.strict_json import parse_json_exactly

SECRET = "client-secret-VALUE"
SERVER: dict[str, Any] = {
    "client_id": "client_abc",
    "client_secret": SECRET,
    "authorize_url": "https://id.example/api/oauth2/authorize",
    "token_url": "https://id.example/api/oauth2/token",
    "userinfo_url": "https://api.example:8443/api/oauth2/userinfo",
}
TOKENS = TokenSet("at-1", expires_in=7200, refresh_token="rt-1", scope="profile balance")
FLOW = AuthorizeRequest("https://gate.example/oauth/x/callback", "st&te", "chal", None)
GOOD = {
    "access_token": "at-2",
    "token_type": "Bearer",
    "expires_in": 7200,
    "refresh_token": "rt-2",
    "scope": "profile",
}
PERSON = {
    "id": 12345,
    "username": "user123",
    "email": "user@example.com",
    "quota": 1000000,
    "used_quota": 250000,
    "balance_formatted": "750.00",
    "created_time": 1640995200,
    "status": 1,
}


@dataclass
class ScriptedServer:
    """Gives one answer to everything and remembers what was asked."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        form: Any = None,
        json: Any = None,
        headers: Any = None,
    ) -> HttpAnswer:
        self.calls.append(
            {"method": method, "url": url, "params": params, "form": form, "json": json, "headers": headers}
        )

        def json_object() -> Any:
            try:
                return parse_json_exactly(self.body)
            except ValueError as error:
                raise UpstreamError("upstream_bad_answer", "not JSON") from error

        return HttpAnswer(self.status, self.headers, self.body, json_object)


def server(content: Any = None, status: int = 200, **headers: str) -> ScriptedServer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ScriptedServer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def channel(**keys: Any) -> OAuth2Login:
    opened = PLATFORM.open("x", PLATFORM.settings.model_validate(SERVER | keys))
    assert isinstance(opened, OAuth2Login)
    return opened


def exchange(http: ScriptedServer, **keys: Any) -> TokenSet:
    return channel(**keys).exchange(CodeGrant("the-code", "https://gate.example/cb", "verifier"), http)


def identity(content: Any, **keys: Any) -> Identity:
    return channel(**keys).identity(TOKENS, server(content))
