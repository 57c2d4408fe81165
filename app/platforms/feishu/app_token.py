"""The app's own token (tenant_access_token) of a self-built app.

Source: Feishu Open Platform, page 自建应用获取 tenant_access_token (read 2026-11-20). The answer is flat; wrong
credentials come with HTTP 200. While 30 minutes or more are left the same token is handed out again, so
fetching earlier gains nothing; a new one does not end the old one, so fetching twice at once does no harm.
"""

from __future__ import annotations

from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.feishu.answers import content_of, token_text, whole_number
from app.platforms.feishu.app import FeishuApp

APP_TOKEN_PATH: Final = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105 - an address
LONGEST_LIFETIME: Final = 7200
SHORTEST_LIFETIME: Final = 60
LEFT_AT_LEAST: Final = 1800
"""A token that is handed out has half an hour left, so this holds when the answer does not say."""


class FeishuAppToken(FeishuApp):
    """Fetches tenant_access_token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before: int = 600
    """Ten minutes before the end, well inside the half hour that yields a new one."""

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; another one cannot be demanded, so the `rejected` one may come back."""
        credentials = {"app_id": self.settings.app_id, "app_secret": plain_text(self.settings.app_secret)}
        answer = http.request("POST", self.settings.api_base + APP_TOKEN_PATH, json=credentials)
        content = content_of(answer, base_setting="api_base")
        token = token_text(content.get("tenant_access_token"))
        if token is None:
            raise UpstreamError(
                "platform_refused",
                "Feishu's answer holds no tenant_access_token; check app_id, app_secret and api_base.",
            )
        return AppToken(token, _lifetime(content.get("expire")))


def _lifetime(value: object) -> int:
    seconds = whole_number(value)
    if seconds is None or seconds <= 0:
        return LEFT_AT_LEAST
    return max(SHORTEST_LIFETIME, min(seconds, LONGEST_LIFETIME))
