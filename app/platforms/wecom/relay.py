"""The API of an application for siblings: facts about its token. Sources: see app/wire/wechat_family/relay.py."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.relay import TokenForm, TokenPlace
from app.core.values import JSON, Reply
from app.platforms.wecom.application import WecomApplication
from app.wire.wechat_family.relay import LIFETIME, TOKEN, says_stale, stale_answer
from app.wire.wechat_family.work_error_codes import WECOM

GETTOKEN = TokenForm(
    "GET",
    "/cgi-bin/gettoken",
    secret="corpsecret",  # noqa: S106 - a name
    in_body=False,
    token=TOKEN,
    lifetime=LIFETIME,
    answer={"errcode": 0, "errmsg": "ok"},
)


class WecomRelay(WecomApplication):
    """Lets siblings call the API; satisfies app.core.relay.RelaySource."""

    token_forms: Sequence[TokenForm] = (GETTOKEN,)

    def token_place(self, path: str) -> TokenPlace:
        """Return the API's one address; the token is a parameter everywhere."""
        return TokenPlace(self.settings.api_base, query=TOKEN)

    def says_stale(self, status: int, content: JSON) -> bool:
        """Look for the numbers that WeCom gives for tokens."""
        return says_stale(WECOM, content)

    def stale_answer(self, path: str) -> Reply:
        """Return 42001."""
        return stale_answer()
