"""Feishu's API for siblings: facts about its token.

Source: Feishu Open Platform, pages 自建应用获取 tenant_access_token and 通用错误码 (read 2026-11-20). A refused token is HTTP 400
with a number in `code`; a slash at the end of the token route changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.relay import TokenForm, TokenPlace
from app.core.values import JSON, Reply, json_reply
from app.platforms.feishu.answers import whole_number
from app.platforms.feishu.app import FeishuApp
from app.platforms.feishu.app_token import APP_TOKEN_PATH

STALE = frozenset({99991663, 99991664, 99991665, 99991668, 99991671, 99991677})
"""Tokens of apps and of people that are unknown, ended or of another shape; the page's rows of these numbers."""

TENANT_TOKEN = TokenForm(
    "POST",
    APP_TOKEN_PATH,
    secret="app_secret",  # noqa: S106 - a name
    in_body=True,
    token="tenant_access_token",  # noqa: S106 - a name
    lifetime="expire",
    answer={"code": 0, "msg": "ok"},
)


class FeishuRelay(FeishuApp):
    """Lets siblings call the API; satisfies app.core.relay.RelaySource."""

    token_forms: Sequence[TokenForm] = (TENANT_TOKEN,)

    def token_place(self, path: str) -> TokenPlace:
        """Return the API's one address; the token stands behind `Bearer`."""
        return TokenPlace(self.settings.api_base, header="Authorization", scheme="Bearer")

    def says_stale(self, status: int, content: JSON) -> bool:
        """Look for the numbers of refused tokens."""
        return whole_number(content.get("code")) in STALE

    def stale_answer(self, path: str) -> Reply:
        """Return 99991663."""
        return json_reply(400, {"code": 99991663, "msg": "Invalid access token for authorization."})
