"""Microsoft's keys, fetched when a delivery brings tokens. A delivery may bring several, so the claim names all their keys.

Source: learn.microsoft.com/entra/identity-platform/access-tokens, "Validating the signature" (read 2026-11-28): keys change without
notice, new ones are published before they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.core.ports import HttpClient
from app.core.values import InboundRequest, Verified
from app.platforms.microsoft_graph.callbacks import MicrosoftGraphCallbacks
from app.platforms.microsoft_graph.tokens import ALGORITHM
from app.security.outbound import origin_of
from app.wire.key_answers import fetch_key_set
from app.wire.key_sets import kept_form, keys_from
from app.wire.signed_tokens import listed_key

HOUR: Final = 3600


class MicrosoftGraphFinder(MicrosoftGraphCallbacks):
    """Takes notifications, proven with the keys that Microsoft publishes; satisfies KeyFinder and OutboundUser as well."""

    key_seconds = HOUR

    @property
    def origins(self) -> frozenset[str]:
        """Return where Microsoft's keys are."""
        return frozenset({origin_of(self.settings.keys_address)})

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the ids of the keys, None where no token counts; raises VerificationError before any call for nothing."""
        notices = self.with_state(request)
        if not self.needs_keys(notices):
            return None
        return " ".join(sorted({listed_key(token, ALGORITHM) for token in notices.tokens}))

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch the keys; the claimed ones together, where all of them exist."""
        found = fetch_key_set(self.settings.keys_address, http, platform="Microsoft")
        names = claim.split(" ")
        single = {name: kept_form([key]) for name, key in found.items()}
        if not all(name in found for name in names):
            return single
        return single | {claim: kept_form([found[name] for name in names])}

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove a delivery with keys that were found."""
        return self.proven(self.with_state(request), now, keys_from(key))
