"""eBay's public keys: an application token first, then the key by its name.

Sources (read 2026-11-28): developer.ebay.com, getPublicKey of the Notification API, and "The client credentials grant flow". Keys are kept for an hour (eBay asks to keep them
for that long), so a token is fetched for each and not kept.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.platforms.ebay.settings import EbaySettings
from app.wire.key_answers import check_status

TOKEN_PATH: Final = "/identity/v1/oauth2/token"  # noqa: S105 - an address
KEY_PATH: Final = "/commerce/notification/v1/public_key/"
SCOPE: Final = "https://api.ebay.com/oauth/api_scope"
OWNER: Final = "eBay"
ALGORITHM: Final = ("ECDSA", "SHA1")


def key_text(settings: EbaySettings, kid: str, http: HttpClient) -> str | None:
    """Return the PEM text of a key, None where eBay has none of that name; raises UpstreamError and its kin."""
    answer = http.request("GET", settings.api_base + KEY_PATH + kid, headers=_authorization(settings, http))
    if answer.status == 404:  # noqa: PLR2004
        return None
    check_status(answer, OWNER)
    said = answer.json_object()
    named = tuple(str(said.get(name, "")).upper() for name in ("algorithm", "digest"))
    key = said.get("key")
    if named != ALGORITHM or not isinstance(key, str):
        raise UpstreamError(
            "upstream_bad_answer", "eBay's answer holds no key for ECDSA with SHA1, with which it signs."
        )
    return key


def _authorization(settings: EbaySettings, http: HttpClient) -> Mapping[str, str]:
    if not settings.can_ask:
        return {}
    pair = f"{settings.client_id}:{plain_text(settings.client_secret)}"
    answer = http.request(
        "POST",
        settings.api_base + TOKEN_PATH,
        form={"grant_type": "client_credentials", "scope": SCOPE},
        headers={"Authorization": "Basic " + b64encode(pair.encode()).decode()},
    )
    check_status(answer, OWNER)
    token = answer.json_object().get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise UpstreamError("upstream_bad_answer", "eBay's answer holds no application token.")
    return {"Authorization": f"Bearer {token}"}
