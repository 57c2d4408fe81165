"""DingTalk's two APIs for siblings: the newer one takes its token in a header, the older one in the query.

Sources: see error_codes; header and paths from DingTalk's own generated clients (oauth2_1.0), the older form from the page
获取企业内部应用的jsapi_ticket as copied (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.core.errors import TokenRejected
from app.core.relay import TokenForm, TokenPlace
from app.core.values import JSON, Reply, json_reply
from app.platforms.dingtalk.app import DingtalkApp
from app.platforms.dingtalk.app_token import APP_TOKEN_PATH
from app.platforms.dingtalk.error_codes import MEANINGS, error_for

NEWER: Final = ("/v1.0/", "/v2.0/")
TOKEN_HEADER: Final = "x-acs-dingtalk-access-token"  # noqa: S105 - a name
STALE_NUMBER: Final = 40014

ACCESS_TOKEN = TokenForm(
    "POST",
    APP_TOKEN_PATH,
    secret="appSecret",  # noqa: S106 - a name
    in_body=True,
    token="accessToken",  # noqa: S106 - a name
    lifetime="expireIn",
)


class DingtalkRelay(DingtalkApp):
    """Lets siblings call both APIs; satisfies app.core.relay.RelaySource."""

    token_forms: Sequence[TokenForm] = (ACCESS_TOKEN,)

    def token_place(self, path: str) -> TokenPlace:
        """Return the newer API for paths that begin with its version, the older one for all others."""
        if path.startswith(NEWER):
            return TokenPlace(self.settings.api_base, header=TOKEN_HEADER)
        return TokenPlace(self.settings.oapi_base, query="access_token")

    def says_stale(self, status: int, content: JSON) -> bool:
        """Look for the words and numbers of refused tokens, those inside error 88 too."""
        for name in ("code", "errcode", "sub_code"):
            word = content.get(name)
            if isinstance(word, int | str) and str(word) in MEANINGS:
                return isinstance(error_for(str(word), status=status), TokenRejected)
        return False

    def stale_answer(self, path: str) -> Reply:
        """Return what each API says to a token it does not know."""
        text = "不合法的access_token"
        if path.startswith(NEWER):
            return json_reply(400, {"code": "InvalidAuthentication", "requestid": "", "message": text})
        return json_reply(200, {"errcode": STALE_NUMBER, "errmsg": text})
