"""The ports of tokens that siblings share: how a platform's own token routes look, where it carries a token, and how pages are signed.

A platform says these facts and nothing else; who may ask, and what happens, is the pipeline's business (pipeline/relay).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.core.ports import HttpClient
from app.core.values import JSON, AppToken, Reply


@dataclass(frozen=True, slots=True)
class TokenForm:
    """One of a platform's own routes that hands out app tokens, so that an SDK needs nothing but another base address.

    The secret stands in a parameter of the query, or in a member of a JSON body (`in_body`). `answer` is what a success
    holds beside the token and its lifetime.
    """

    method: str
    path: str
    secret: str
    in_body: bool
    token: str
    lifetime: str
    answer: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where calls to one of a platform's addresses carry the token: a parameter of the query or a header.

    `base` is the address that the path is put behind. `scheme` stands before a token in a header ("Bearer"). `in_body` is
    for platforms that take tokens inside JSON bodies: one that is there is exchanged too. `is_persons` says that such calls
    take a person's token alone: an app's would be refused, and taken for stale.
    """

    base: str
    query: str = ""
    header: str = ""
    scheme: str = ""
    in_body: bool = False
    is_persons: bool = False


@runtime_checkable
class RelaySource(Protocol):
    """Has an app token that siblings may share, and an API that they may call through the gateway; all pure."""

    token_forms: Sequence[TokenForm]
    """The platform's own token routes, paths with a slash in front and none at the end."""

    def token_place(self, path: str) -> TokenPlace:
        """Return where a call to this path goes and carries its token; the base is one of the channel's own addresses."""

    def says_stale(self, status: int, content: JSON) -> bool:
        """Say whether an answer says that the token is not, or no longer, good: only then is a call repeated."""

    def stale_answer(self, path: str) -> Reply:
        """Return the platform's own words for a token whose time is over, so that an SDK fetches the next one."""


@runtime_checkable
class JsPageSource(Protocol):
    """Signs web pages that run inside the platform's app, with tickets that are shared as app tokens are."""

    js_tickets: Sequence[str]
    """The kinds of tickets it needs, short words of letters."""

    refresh_js_ticket_before: int
    """Seconds before its end at which a new one is fetched."""

    def fetch_js_ticket(self, kind: str, app_token: str, http: HttpClient) -> AppToken:
        """Fetch a ticket; raises TokenRejected when the app token is not good, UpstreamError and its kin."""

    def sign_js_page(self, tickets: Mapping[str, str], *, url: str, nonce: str, now: datetime) -> JSON:
        """Return what the platform's script wants for a page; the address has no fragment. Pure."""
