"""Pages inside WeCom: a ticket of the company for `wx.config` and one of the application for `wx.agentConfig`.

Sources: WeCom pages 90506 and 94313 (read 2026-11-28); `type=agent_config` of ticket/get as public clients write it. An hour
allows 400 tickets for a company and 100 for an application, by an older copy of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.core.ports import HttpClient
from app.core.values import JSON, AppToken
from app.platforms.wecom.application import WecomApplication
from app.wire.js_pages import page_signature
from app.wire.wechat_family.answers import lifetime, needed_text, token_use
from app.wire.wechat_family.work_error_codes import WECOM

JSAPI, AGENT = "jsapi", "agent"


class WecomJsPages(WecomApplication):
    """Signs pages; satisfies app.core.relay.JsPageSource."""

    refresh_js_ticket_before: int = 300

    @property
    def js_tickets(self) -> Sequence[str]:
        """Name the company's ticket, and the application's where its AgentId is known."""
        return (JSAPI, AGENT) if self.settings.agent_id else (JSAPI,)

    def fetch_js_ticket(self, kind: str, app_token: str, http: HttpClient) -> AppToken:
        """Fetch a ticket."""
        params = {"access_token": app_token}
        path = "get_jsapi_ticket"
        if kind == AGENT:
            path, params = "ticket/get", params | {"type": "agent_config"}
        content = token_use(http.request("GET", self.api(path), params=params), WECOM)
        ticket = needed_text(content, "ticket", WECOM.platform)
        return AppToken(ticket, lifetime(content.get("expires_in")))

    def sign_js_page(self, tickets: Mapping[str, str], *, url: str, nonce: str, now: datetime) -> JSON:
        """Return `config` for `wx.config`, and `agent_config` for `wx.agentConfig`."""
        timestamp, own = int(now.timestamp()), self.settings
        signed = {
            kind: {
                "timestamp": timestamp,
                "nonceStr": nonce,
                "signature": page_signature(ticket, nonce=nonce, timestamp=timestamp, url=url),
            }
            for kind, ticket in tickets.items()
        }
        answer: dict[str, object] = {"config": {"appId": own.corp_id} | signed[JSAPI]}
        if AGENT in signed:
            answer["agent_config"] = {"corpid": own.corp_id, "agentid": own.agent_id} | signed[AGENT]
        return answer
