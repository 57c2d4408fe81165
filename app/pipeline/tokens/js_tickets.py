"""Signatures for pages inside a platform's app: their tickets are fetched once for all processes and kept sealed, as app tokens are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.core.errors import RequestError
from app.core.identifiers import random_word
from app.core.relay import JsPageSource
from app.core.values import JSON, AppToken
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import WAIT_SECONDS, with_app_token
from app.pipeline.tokens.kept_values import Fetch, Wanted, account_of
from app.pipeline.tokens.shared_fetch import fetched_once

KIND = "js:"
"""What the kind of a stored ticket begins with."""

LONGEST_ADDRESS = 2000
NONCE_BITS = 64


@dataclass(frozen=True, slots=True)
class _TicketSource:
    """One kind of ticket as a value that is kept; satisfies kept_values.ValueSource."""

    source: JsPageSource
    kind: str

    @property
    def renew_before(self) -> int:
        """Seconds before its end at which a new one is fetched."""
        return self.source.refresh_js_ticket_before

    def fetch(self, services: Services, channel: Channel, *, rejected: str | None) -> AppToken:
        """Fetch the ticket with the app token, which is renewed once where the platform refuses it."""
        return with_app_token(
            services,
            channel.name,
            lambda token: ask_platform(lambda: self.source.fetch_js_ticket(self.kind, token, channel.http)),
        )


def sign_page(services: Services, channel_name: str, url: str) -> JSON:
    """Return what the platform's script wants for a page; raises RequestError 400 for an address, 404, UpstreamError."""
    channel, source = services.channels.with_capability(channel_name, JsPageSource)
    address = page_address(url)
    tickets = {kind: _ticket(services, channel, source, kind) for kind in source.js_tickets}
    return source.sign_js_page(tickets, url=address, nonce=random_word(NONCE_BITS), now=services.clock.now())


def page_address(url: object) -> str:
    """Return the address of a page as platforms sign it: without its fragment, else as it is; raises RequestError."""
    text = url.partition("#")[0] if isinstance(url, str) else ""
    try:
        is_page = urlsplit(text).scheme in ("http", "https") and bool(urlsplit(text).hostname)
    except ValueError:
        is_page = False
    if not is_page or len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        raise RequestError(
            "bad_url",
            f"url must be the whole address of the page as the browser shows it, {LONGEST_ADDRESS} characters at most.",
        )
    return text


def _ticket(services: Services, channel: Channel, source: JsPageSource, kind: str) -> str:
    account = account_of(channel, KIND + kind, _TicketSource(source, kind))
    return fetched_once(services, Fetch(services, account, Wanted(), patience=WAIT_SECONDS))
