"""Pages inside Feishu: tickets and what `h5sdk.config` needs.

Sources: Feishu's "网页应用鉴权" as copied, with milliseconds in its example; POST jssdk/ticket/get with `data.ticket` and
`data.expire_in` as several public clients have it (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import JSON, AppToken
from app.platforms.feishu.answers import content_of, token_text, whole_number
from app.platforms.feishu.app import FeishuApp
from app.wire.js_pages import page_signature

JSAPI: Final = "jsapi"
TICKET_PATH: Final = "/open-apis/jssdk/ticket/get"
DOCUMENTED_LIFETIME: Final = 7200


class FeishuJsPages(FeishuApp):
    """Signs pages; satisfies app.core.relay.JsPageSource."""

    js_tickets: Sequence[str] = (JSAPI,)
    refresh_js_ticket_before: int = 300

    def fetch_js_ticket(self, kind: str, app_token: str, http: HttpClient) -> AppToken:
        """Fetch the ticket."""
        answer = http.request(
            "POST",
            self.settings.api_base + TICKET_PATH,
            json={},
            headers={"Authorization": f"Bearer {app_token}"},
        )
        data = content_of(answer, base_setting="api_base").get("data")
        ticket = token_text(data.get("ticket")) if isinstance(data, Mapping) else None
        if not isinstance(data, Mapping) or ticket is None:
            raise UpstreamError("upstream_bad_answer", "Feishu's answer holds no ticket for pages.")
        seconds = whole_number(data.get("expire_in"))
        lives = DOCUMENTED_LIFETIME if seconds is None or seconds <= 0 else min(seconds, DOCUMENTED_LIFETIME)
        return AppToken(ticket, lives)

    def sign_js_page(self, tickets: Mapping[str, str], *, url: str, nonce: str, now: datetime) -> JSON:
        """Return `config` for `h5sdk.config`; its time is in milliseconds."""
        timestamp = int(now.timestamp() * 1000)
        signature = page_signature(tickets[JSAPI], nonce=nonce, timestamp=timestamp, url=url)
        return {
            "config": {
                "appId": self.settings.app_id,
                "timestamp": timestamp,
                "nonceStr": nonce,
                "signature": signature,
            }
        }
