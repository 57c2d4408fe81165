"""The application's own access token, one for each Secret.

Source: WeCom page 获取access_token (91039, read 2026-11-20). Another one cannot be demanded; older text says that the same
one is handed out again while it lives, the page of 2024 no longer does.
"""

from __future__ import annotations

from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.wecom.application import WecomApplication
from app.wire.wechat_family.answers import lifetime, needed_text, token_grant
from app.wire.wechat_family.work_error_codes import WECOM


class WecomAppTokens(WecomApplication):
    """Fetches the application's token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before: int = 60
    """Asking much earlier may give the old one again."""

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; the `rejected` one may come back."""
        answer = http.request(
            "GET",
            self.api("gettoken"),
            params={"corpid": self.settings.corp_id, "corpsecret": self.secret},
        )
        content = token_grant(answer, WECOM)
        value = needed_text(content, "access_token", WECOM.platform)
        return AppToken(value, lifetime(content.get("expires_in")))
