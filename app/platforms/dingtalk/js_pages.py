"""Pages inside DingTalk: tickets and what `dd.config` needs.

Sources: DingTalk page "JSAPI鉴权" (2024-11-18, read 2026-11-28): a ticket asked for again is the same one, prolonged, for a day
at most; POST oauth2/jsapiTickets with `jsapiTicket` and `expireIn` as DingTalk's generated clients have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import JSON, AppToken
from app.platforms.dingtalk.answers import content_of, lifetime, token_text
from app.platforms.dingtalk.app import DingtalkApp
from app.platforms.dingtalk.relay import TOKEN_HEADER
from app.wire.js_pages import page_signature

JSAPI: Final = "jsapi"
TICKET_PATH: Final = "/v1.0/oauth2/jsapiTickets"


class DingtalkJsPages(DingtalkApp):
    """Signs pages, where corp_id and agent_id are known; satisfies app.core.relay.JsPageSource."""

    js_tickets: Sequence[str] = (JSAPI,)
    refresh_js_ticket_before: int = 300

    def fetch_js_ticket(self, kind: str, app_token: str, http: HttpClient) -> AppToken:
        """Fetch the ticket."""
        address = self.settings.api_base + TICKET_PATH
        content = content_of(http.request("POST", address, json={}, headers={TOKEN_HEADER: app_token}))
        ticket = token_text(content.get("jsapiTicket"))
        if ticket is None:
            raise UpstreamError("upstream_bad_answer", "DingTalk's answer holds no ticket for pages.")
        return AppToken(ticket, lifetime(content.get("expireIn")))

    def sign_js_page(self, tickets: Mapping[str, str], *, url: str, nonce: str, now: datetime) -> JSON:
        """Return `config` for `dd.config`, whose time is a text."""
        timestamp, own = int(now.timestamp()), self.settings
        signature = page_signature(tickets[JSAPI], nonce=nonce, timestamp=timestamp, url=url)
        return {
            "config": {
                "agentId": own.agent_id,
                "corpId": own.corp_id,
                "timeStamp": str(timestamp),
                "nonceStr": nonce,
                "signature": signature,
            }
        }
