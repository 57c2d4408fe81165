"""What the APIs of the WeChat family have in common for siblings: the token in the query, and the numbers that say it is stale.

Source: WeChat "获取稳定版接口调用凭据" and "全局返回码", WeCom 91039 (read 2026-11-28); wechat's clients fetch anew at the
same three numbers.
"""

from __future__ import annotations

from app.core.relay import TokenForm
from app.core.values import JSON, Reply, json_reply
from app.wire.wechat_family.error_codes import ErrorCodes

TOKEN = "access_token"  # noqa: S105 - a name
LIFETIME = "expires_in"
EXPIRED = {"errcode": 42001, "errmsg": "access_token expired"}

SECRET = "secret"  # noqa: S105 - a name

ACCOUNT_TOKEN_FORMS = (
    TokenForm("GET", "/cgi-bin/token", secret=SECRET, in_body=False, token=TOKEN, lifetime=LIFETIME),
    TokenForm("POST", "/cgi-bin/stable_token", secret=SECRET, in_body=True, token=TOKEN, lifetime=LIFETIME),
)
"""Those of Official Accounts and Mini Programs."""


def says_stale(codes: ErrorCodes, content: JSON) -> bool:
    """Say whether an answer says that the token is not good; errors come with HTTP status 200."""
    code = content.get("errcode")
    return isinstance(code, int) and not isinstance(code, bool) and code in codes.dead_token


def stale_answer() -> Reply:
    """Return the family's words for a token whose time is over."""
    return json_reply(200, EXPIRED)
