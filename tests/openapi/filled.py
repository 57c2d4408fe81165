"""An application with something of everything in its store, so that questions find something."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from flask import Flask

from app.core.errors import VerificationError
from app.core.values import Identity
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.storage.database.db import Database
from app.storage.login.identities import StoredIdentity, insert_identity_once
from app.storage.login.sessions import Session, insert_session
from app.storage.login.users import insert_user
from tests.builders import CALLBACK_CHANNEL, NOW, FrozenClock, envelope, make_services, signed_callback
from tests.operators.stage import Crm, run_due

NOWHERE = "http://127.0.0.1:9"
TOKEN = "all-scopes-token-4d1f8a2b"
SCOPES = "read+send+bind+replay+token+user-token+metrics+operate+tokens+people+clients"
CHANNELS = f"""{CALLBACK_CHANNEL}
[channels.wechat]
platform = "wechat"
app_id = "wx1234567890abcdef"
app_secret = "s3cret-app"
token = "gatewayToken01"
encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
mode = "safe"
api_base = "{NOWHERE}"
[channels.phone]
platform = "ntfy"
topic = "alerts"
api_base = "{NOWHERE}"
[[destinations]]
name = "crm"
url = "{NOWHERE}/hooks"
match = "callback:forwarded.*"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA"
timeout = 1
[[notifications]]
name = "told"
match = "callback:told"
channels = ["phone"]
text = "told"
"""
ENV = {
    "API_TOKENS": f"fuzz:{TOKEN}:{SCOPES}",
    "RATELIMIT_ENABLED": "0",
    "SANDBOX": "0",
    "CLIENT_REGISTRATION": "1",
}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Filled:
    """The application, and the names in it that addresses can hold."""

    def __init__(self, database: Database) -> None:
        self.clock = FrozenClock()
        crm = Crm()
        router = crm.router(max_attempts=1)
        self.services = make_services(database, channels=CHANNELS, env=ENV, router=router, clock=self.clock)
        self.app: Flask = create_app(services=self.services)
        self.client = self.app.test_client()
        self.names: dict[str, list[str]] = {}
        self._fill(crm)

    def _fill(self, crm: Crm) -> None:
        services = self.services
        events = []
        for number in range(6):
            crm.error = ValueError("the crm is away") if number == 1 else None
            body = envelope(f"evt_{number}", "forwarded.thing" if number == 2 else "user_authorized")
            receive(services, "callback", signed_callback(body, received_at=NOW), trace_id="")
            if number < 4:
                run_due(services)
        for _ in range(2):
            with suppress(VerificationError):
                receive(services, "callback", signed_callback(envelope(), secret="wrong"), trace_id="")
        self._people()
        self.post("/api/v1/messages", {"channel": "phone", "text": "hello"})
        code = self.post("/api/v1/bindcodes", {"app": "crm", "channel": "wechat"}).get("code", "ABCDEFGH")
        token = self.post("/api/v1/api-tokens", {"name": "made", "scopes": ["read"]})
        made = self.post("/api/v1/clients", {"redirect_uris": ["https://crm.example/cb"]})
        events = [item["id"] for item in self.get("/api/v1/events")["items"]]
        rejections = [str(item["id"]) for item in self.get("/api/v1/rejections")["items"]]
        messages = [item["id"] for item in self.get("/api/v1/messages")["items"]]
        self.names = {
            "event_id": events,
            "rejection_id": rejections,
            "message_id": messages,
            "channel": ["callback", "wechat", "phone"],
            "name": ["crm", "told"],
            "user_id": ["1" * 32, "2" * 32],
            "identity_id": ["3" * 32],
            "session_id": ["4" * 32],
            "code": [code],
            "slug": ["stripe", "shopify"],
            "token_id": [token["id"]],
            "client_id": [made["client_id"]],
        }

    def _people(self) -> None:
        with self.services.database.begin() as tx:
            for user in ("1" * 32, "2" * 32):
                insert_user(tx, user, NOW)
            known = Identity(issuer="wechat:wx1", subject_kind="openid", subject="o" * 28, name="Ana")
            insert_identity_once(tx, StoredIdentity("3" * 32, "1" * 32, "wechat", known, NOW, NOW))
            insert_session(tx, Session("4" * 32, "1" * 32, "3" * 32, NOW, NOW.replace(year=2027)))

    def get(self, path: str) -> Any:
        """Return the JSON of one address."""
        answer = self.client.get(path, headers=HEADERS)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, path: str, body: Any) -> Any:
        """Post and return what is answered."""
        answer = self.client.post(path, json=body, headers=HEADERS)
        assert answer.status_code < 500 or path.endswith("bindcodes"), answer.text
        return answer.get_json()

    def some(self, name: str, random_: random.Random) -> str | None:
        """Return one of the real names for a part of an address."""
        known = self.names.get(name)
        return random_.choice(known) if known else None
