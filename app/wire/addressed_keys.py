"""Connectors whose requests name their key by an address: it is judged, and only then called. See app/wire/named_keys.py."""

from __future__ import annotations

from app.core.ports import HttpClient
from app.core.values import InboundRequest
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import NamedKeys, fetched_file


class AddressedKeys(NamedKeys):
    """Proves with a key at an address that the request names; satisfies OutboundUser too."""

    addresses: KeyAddresses

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins where keys may be."""
        return self.addresses.origins

    def key_address(self, request: InboundRequest) -> str:
        """Return the address that the request names, which nobody has judged; raises VerificationError."""
        raise NotImplementedError

    def key_name(self, request: InboundRequest) -> str:
        """Return the address of the key, judged."""
        return self.addresses.judged(self.key_address(request))

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Fetch the file at the address."""
        return fetched_file(http.request("GET", claim), self.key_owner)
