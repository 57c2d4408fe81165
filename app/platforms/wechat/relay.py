"""The API of an Official Account for siblings: facts about its token. Sources: see app/wire/wechat_family/relay.py."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.relay import TokenForm, TokenPlace
from app.core.values import JSON, Reply
from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.error_codes import WECHAT
from app.wire.wechat_family.relay import ACCOUNT_TOKEN_FORMS, TOKEN, says_stale, stale_answer


class WechatRelay(WechatAccount):
    """Lets siblings call the API; satisfies app.core.relay.RelaySource."""

    token_forms: Sequence[TokenForm] = ACCOUNT_TOKEN_FORMS

    def token_place(self, path: str) -> TokenPlace:
        """Return the API's one address; the token is a parameter everywhere, below `/sns/` (网页授权) a person's."""
        return TokenPlace(self.settings.api_base, query=TOKEN, is_persons=path.startswith("/sns/"))

    def says_stale(self, status: int, content: JSON) -> bool:
        """Look for the numbers that WeChat's clients fetch anew at."""
        return says_stale(WECHAT, content)

    def stale_answer(self, path: str) -> Reply:
        """Return 42001."""
        return stale_answer()
