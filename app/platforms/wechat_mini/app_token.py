"""The Mini Program's own access token, from the stable interface."""

from __future__ import annotations

from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.wechat_mini.program import MiniProgram
from app.wire.wechat_family.stable_token import REFRESH_BEFORE, StableToken


class MiniProgramTokens(MiniProgram):
    """Fetches the Mini Program's token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before: int = REFRESH_BEFORE

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; only when it is the very one that was refused, force a new one, once."""
        own = self.settings
        return StableToken(own.app_id, self.secret, own.api_base).fetch(http, rejected=rejected)
