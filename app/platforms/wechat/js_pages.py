"""Pages inside WeChat: tickets and what `wx.config` needs.

Source: WeChat "JS-SDK" appendix as copied (read 2026-11-28): GET ticket/getticket with type=jsapi, two hours, few calls a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.core.ports import HttpClient
from app.core.values import JSON, AppToken
from app.platforms.wechat.account import WechatAccount
from app.wire.js_pages import page_signature
from app.wire.wechat_family.answers import lifetime, needed_text, token_use

JSAPI = "jsapi"


class WechatJsPages(WechatAccount):
    """Signs pages; satisfies app.core.relay.JsPageSource."""

    js_tickets: Sequence[str] = (JSAPI,)
    refresh_js_ticket_before: int = 300

    def fetch_js_ticket(self, kind: str, app_token: str, http: HttpClient) -> AppToken:
        """Fetch the ticket."""
        params = {"access_token": app_token, "type": kind}
        content = token_use(http.request("GET", self.api("cgi-bin/ticket/getticket"), params=params))
        return AppToken(needed_text(content, "ticket"), lifetime(content.get("expires_in")))

    def sign_js_page(self, tickets: Mapping[str, str], *, url: str, nonce: str, now: datetime) -> JSON:
        """Return `config` for `wx.config`; the names of the interfaces are the page's own to add."""
        timestamp = int(now.timestamp())
        signature = page_signature(tickets[JSAPI], nonce=nonce, timestamp=timestamp, url=url)
        return {
            "config": {
                "appId": self.settings.app_id,
                "timestamp": timestamp,
                "nonceStr": nonce,
                "signature": signature,
            }
        }
