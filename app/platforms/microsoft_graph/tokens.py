"""validationTokens: that Graph itself made a delivery, for this application and one of its tenants. Pure.

Source: learn.microsoft.com/graph/change-notifications-with-resource-data, "Validating the authenticity of notifications"
(read 2026-11-28). There is a token for each application and tenant; version 2 names the sender in `azp`, version 1 in `appid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.core.errors import VerificationError
from app.platforms.microsoft_graph.settings import MicrosoftGraphSettings
from app.wire.key_sets import ProviderKey
from app.wire.signed_tokens import check_claim, timely_claims

ALGORITHM: Final = "RS256"
LEEWAY: Final = 60


def proven_tenants(
    tokens: Iterable[bytes], keys: Sequence[ProviderKey], own: MicrosoftGraphSettings, now: float
) -> frozenset[str]:
    """Return the tenants that the tokens speak for; every one of them must be good. Raises VerificationError."""
    return frozenset(
        _tenant(timely_claims(token, keys, now, algorithm=ALGORITHM, leeway=LEEWAY), own) for token in tokens
    )


def _tenant(claims: Mapping[str, Any], own: MicrosoftGraphSettings) -> str:
    check_claim(claims, "aud", own.app_id, reason="wrong_audience", compare="app_id")
    sender = "azp" if "azp" in claims else "appid"
    check_claim(
        claims,
        sender,
        (own.change_tracking_app_id,),
        reason="wrong_sender",
        compare="whether it comes from Graph's change tracking",
    )
    tenant = own.issuers.get(str(claims.get("iss")))
    if tenant is None:
        raise VerificationError(
            "wrong_issuer", "The token's iss is of no tenant of this channel; compare tenants."
        )
    return tenant
