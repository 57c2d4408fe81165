"""Login of a Mini Program by the code of `wx.login`.

Source: WeChat "小程序登录" and "code2Session" pages (read 2026-11-20). What is odd: the answer holds a session_key, with which
anybody could forge what the person seems to send; it is kept sealed and leaves the gateway nowhere.
"""

from __future__ import annotations

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import Identity, TokenSet
from app.platforms.wechat_mini.program import MiniProgram
from app.security.signatures import strict_base64
from app.wire.wechat_family.answers import needed_text, optional_text, token_grant
from app.wire.wechat_family.sns_login import UNION_ISSUER, wechat_identity

NO_TOKEN = "none"  # noqa: S105 - says that there is no token
SESSION_KEY_BYTES = 16


class MiniProgramLogin(MiniProgram):
    """Logs people in without a page; satisfies DirectLogin and UnionLogin."""

    union_issuer: str = UNION_ISSUER

    def redeem_code(self, code: str, http: HttpClient) -> TokenSet:
        """Redeem a code once."""
        answer = http.request(
            "GET",
            f"{self.settings.api_base}/sns/jscode2session",
            params={
                "appid": self.settings.app_id,
                "secret": self.secret,
                "js_code": code,
                "grant_type": "authorization_code",
            },
        )
        content = token_grant(answer)
        kept = {
            "openid": needed_text(content, "openid"),
            "session_key": _session_key(content.get("session_key")),
        }
        union_id = optional_text(content, "unionid")
        return TokenSet(NO_TOKEN, extra=kept | ({"unionid": union_id} if union_id else {}))

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Say who it is; WeChat tells neither name nor picture here."""
        open_id = needed_text(tokens.extra, "openid")
        return wechat_identity(self.settings.app_id, open_id, {"unionid": tokens.extra.get("unionid")})


def _session_key(given: object) -> str:
    """Return a session_key that is one: the Base64 of 16 bytes."""
    try:
        if isinstance(given, str) and len(strict_base64(given)) == SESSION_KEY_BYTES:
            return given
    except ValueError:
        pass
    raise UpstreamError("upstream_bad_answer", "WeChat's answer has no usable session_key.")
