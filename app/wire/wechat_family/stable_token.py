"""The access token of an Official Account or a Mini Program, from the stable interface: whoever asks gets the same one.

Source: WeChat "获取稳定版接口调用凭据" page (read 2026-11-20). A forced refresh kills the token in use, is allowed 20
times a day, and is the only cure when the platform refuses the very token it hands out.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ports import HttpClient
from app.core.values import AppToken
from app.wire.wechat_family.answers import lifetime, needed_text, token_grant

REFRESH_BEFORE = 240
"""Seconds; the platform has the next token ready 5 minutes before the end, asking earlier returns the old one."""


@dataclass(frozen=True, slots=True, repr=False)
class StableToken:
    """The one token of an application."""

    app_id: str
    secret: str
    api_base: str

    def fetch(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; only when it is the very one that was refused, force a new one, once."""
        token = self._fetch(http, force=False)
        return self._fetch(http, force=True) if token.value == rejected else token

    def _fetch(self, http: HttpClient, *, force: bool) -> AppToken:
        answer = http.request(
            "POST",
            f"{self.api_base}/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": self.app_id,
                "secret": self.secret,
                "force_refresh": force,
            },
        )
        content = token_grant(answer)
        return AppToken(needed_text(content, "access_token"), lifetime(content.get("expires_in")))
