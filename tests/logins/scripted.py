"""A provider that gives scripted answers, and a described login opened with made-up keys."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import CodeGrant
from tests.logins.conftest import keys_of
from tests.logins.replaying import answer_of, opened

SECRET = "client-secret-0123456789"
NOW = 1_795_824_000.0
GRANT = CodeGrant(
    "the-code-7f3a", "https://gate.example/oauth/x/callback", "verifier-91bc", nonce="n-1", redeemed_at=NOW
)
TOKEN = {"access_token": "token-5d2e", "expires_in": 3600}


class Scripted:
    """Gives these answers in order, the last one again and again, and remembers every call."""

    def __init__(self, *answers: Any):
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.calls.append({"method": method, "url": url, **options})
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, headers, body = said if isinstance(said, tuple) else (200, {}, said)
        return answer_of(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def login(slug: str, **keys: Any) -> Any:
    said = {
        name: value for name, value in keys_of(slug, "").items() if name not in ("platform", "base", "preset")
    }
    return opened(slug, said | keys)
