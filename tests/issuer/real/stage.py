"""The provider that real clients log in against: its clients, its one login, and how it is served."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.live import LiveGateway
from tests.sandbox.server import SandboxServer


@dataclass(frozen=True)
class RealClient:
    """A program that logs people in: its secret, the path it takes answers at, and where it wants logouts to lead."""

    secret: str
    callback: str
    back_channel: str = ""


SECOND = "https://gate.example"
"""Where the second gateway says that it is; it runs in the test's own process."""

CLIENTS = {
    "authlib": RealClient("authlib-secret-0123456789", "/callback"),
    "roc": RealClient("roc-secret-0123456789abcdef", "/callback"),
    "second": RealClient("second-secret-0123456789ab", "/oauth/first/callback"),
    "express": RealClient("express-secret-0123456789a", "/callback"),
    "openid-client": RealClient("openid-client-secret-01234", "/callback"),
    "django": RealClient("django-secret-0123456789ab", "/oidc/callback/"),
    "apache": RealClient(
        "apache-secret-0123456789ab", "/private/redirect", "/private/redirect?logout=backchannel"
    ),
}


def clients_file(ports: dict[str, int]) -> str:
    """Return the tables of the clients; all are first-party, so no page has to be pressed."""
    tables = []
    for name, client in CLIENTS.items():
        base = SECOND if name == "second" else f"http://127.0.0.1:{ports[name]}"
        tables.append(f"""
[[clients]]
client_id = "{name}"
title = "{name}"
secret = "{client.secret}"
first_party = true
redirect_uris = ["{base}{client.callback}"]
post_logout_redirect_uris = ["{base}/bye"]
scopes = ["openid", "profile", "platform", "offline_access"]
""")
        if client.back_channel:
            tables.append(f'backchannel_logout_uri = "{base}{client.back_channel}"\n')
    return "".join(tables)


def login_channel(sandbox: SandboxServer) -> str:
    """Return the channel of the provider's only login."""
    base = f"{sandbox.url}/oauth2/api/oauth2"
    return f"""
[channels.account]
platform = "oauth2"
client_id = "{sandbox.settings["OAUTH2_CLIENT_ID"]}"
client_secret = "{sandbox.settings["OAUTH2_CLIENT_SECRET"]}"
authorize_url = "{base}/authorize"
token_url = "{base}/token"
userinfo_url = "{base}/userinfo"
scope = "profile balance"
"""


def open_provider(
    folder: Path, port: int, channels: str, ports: dict[str, int]
) -> AbstractContextManager[LiveGateway]:
    """Return the provider, not yet serving."""
    env = {"RATELIMIT_ENABLED": "0", "SANDBOX": "0", "LOG_LEVEL": "WARNING"}
    return LiveGateway(folder, channels=channels + clients_file(ports), env=env, port=port)
