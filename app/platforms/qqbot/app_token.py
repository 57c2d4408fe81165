"""The bot's own token.

Source: tencent-connect/bot-docs, page 接口调用与鉴权 (read 2026-11-28). What is odd: `expires_in` comes as a text or a number, and the
same token is handed out until its last minute; asking earlier gains nothing.
"""

from __future__ import annotations

from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.qqbot.bot import QqBot

LONGEST_LIFETIME: Final = 7200
MOST_DIGITS: Final = 9
LONGEST_TOKEN: Final = 4096
SERVER_FAULT: Final = 500


class QqBotTokens(QqBot):
    """Fetches the bot's token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before: int = 50
    """Seconds, inside the minute in which a new one is handed out."""

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; another one cannot be demanded, so the `rejected` one may come back."""
        answer = http.request(
            "POST",
            f"{self.settings.token_base}/app/getAppAccessToken",
            json={"appId": self.settings.app_id, "clientSecret": plain_text(self.settings.secret[0])},
        )
        if answer.status >= SERVER_FAULT:
            raise UpstreamUnavailable(
                f"QQ answered with HTTP status {answer.status}; the call may be repeated later."
            )
        content = answer.json_object()
        token = content.get("access_token")
        if (
            not isinstance(token, str)
            or not 0 < len(token) <= LONGEST_TOKEN
            or not token.isascii()
            or not token.isprintable()
        ):
            raise UpstreamError(
                "platform_configuration",
                "QQ hands out no token for this bot; compare app_id and secret with 开发设置 (AppID, AppSecret) at q.qq.com.",
                platform_code=_code(content.get("code")),
            )
        return AppToken(token, _lifetime(content.get("expires_in")))


def _code(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _lifetime(value: object) -> int:
    """Return a lifetime that cannot lead to an endless renewal; nonsense means the documented two hours."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:MOST_DIGITS])
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return LONGEST_LIFETIME
    return min(value, LONGEST_LIFETIME)
