"""An OpenID Connect server that a channel names by its issuer alone. Everything but its addresses is in app/wire/discovered_server.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from app.core.ports import HttpClient
from app.platforms.oauth2.settings import OAuth2Settings, without_reserved_query
from app.wire.discovered_server import DiscoveredServer
from app.wire.oidc import ServerDocument, document_address, judge_address, read_document


class IssuersServer(DiscoveredServer):
    """The server of a channel's issuer."""

    def __init__(self, settings: OAuth2Settings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._settings = settings

    def _ask_document(self, http: HttpClient) -> ServerDocument:
        own = self._settings
        judge = partial(judge_address, issuer=own.issuer, private_hosts=own.allowed_hosts)

        def judge_with_query(address: str) -> None:
            judge(without_reserved_query(address))

        said = self._json(document_address(own.issuer), http)
        return read_document(said, own.issuer, judge_with_query)
