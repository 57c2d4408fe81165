"""The application's own token. Source: DingTalk's page 获取企业内部应用的accessToken as copied (read 2026-11-27): 7200 seconds."""

from __future__ import annotations

from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.dingtalk.answers import content_of, lifetime, token_text
from app.platforms.dingtalk.app import DingtalkApp

APP_TOKEN_PATH: Final = "/v1.0/oauth2/accessToken"  # noqa: S105 - an address


class DingtalkAppToken(DingtalkApp):
    """Fetches the app token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before: int = 600

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; while it is good DingTalk hands the same one out again, so the `rejected` one may come back."""
        fields = {"appKey": self.settings.app_key, "appSecret": plain_text(self.settings.app_secret)}
        content = content_of(http.request("POST", self.settings.api_base + APP_TOKEN_PATH, json=fields))
        token = token_text(content.get("accessToken"))
        if token is None:
            raise UpstreamError("platform_refused", "DingTalk's answer holds no accessToken; check api_base.")
        return AppToken(token, lifetime(content.get("expireIn")))
