"""The page where the signed-in person can add money, for servers that have one."""

from __future__ import annotations

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import TokenSet
from app.platforms.oauth2.client import OAuth2Client
from app.wire.oauth2 import (
    at_path,
    resource,
    web_address,
)


class OAuth2Topup(OAuth2Client):
    """Knows the page; satisfies app.core.ports.TopupSource."""

    def topup_url(self, tokens: TokenSet, http: HttpClient) -> str:
        """Return the page's address, which must be a web address: it is handed to the browser."""
        body = resource(self.settings.topup_url, tokens, http, wanted=["topup_url"])
        address = web_address(body.get("topup_url") or at_path(body, ["data", "topup_url"]))
        if address is None:
            raise UpstreamError("upstream_bad_answer", "topup_url answered without a web address.")
        return address
