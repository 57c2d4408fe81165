"""Connectors whose requests name the key that proves them, by an id or by an address: configured, or fetched while running.

`NamedKeys` makes of one pure question (which key does the request name) and one proof (with this key) what WebhookSource and
KeyFinder ask for. `AddressedKeys` judges an address before anything is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from app.config.platform_settings import FilledTexts
from app.core.errors import VerificationError
from app.core.ports import HttpClient
from app.core.values import InboundRequest, Verified
from app.wire.certificates import certificate_der
from app.wire.key_addresses import KeyAddresses
from app.wire.key_answers import fetched_file, unusable_key
from app.wire.public_keys import read_key


def _readable(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in value.items():
        try:
            read_key(text)
        except ValueError as error:
            raise ValueError(f"the key {name[:80]!r} cannot be read: {error}") from error
    return value


NamedKeyTexts = Annotated[FilledTexts, AfterValidator(_readable)]
"""A setting with keys by the name that requests give them; empty ones do not count."""


def configured_keys_of(texts: Mapping[str, str]) -> Mapping[str, bytes]:
    """Return the keys of a setting, ready for use."""
    return {name: read_key(text) for name, text in texts.items()}


class NamedKeys(ABC):
    """Proves with the key that a request names; a platform derives from it and says which key and what was signed."""

    key_seconds = 3600
    configured_keys: Mapping[str, bytes]
    """Keys that settings hold, by name: for gateways that call nobody, and for tests."""

    keys_setting = "public_keys"
    """The setting that holds them."""

    key_owner: str
    """The platform, as sentences of errors name it."""

    @abstractmethod
    def key_name(self, request: InboundRequest) -> str:
        """Return the name of the key, judged; raises VerificationError before anything is called for nothing."""

    @abstractmethod
    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with this key; pure, raises VerificationError."""

    @abstractmethod
    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Ask for the key, None where there is none of that name; raises UpstreamError and its kin."""

    def key_of(self, text: str) -> bytes:
        """Return the key of a text, as verify_with_key takes it; raises ValueError."""
        return read_key(text)

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return which key has to be found, None for a configured one."""
        name = self.key_name(request)
        return None if name in self.configured_keys else name

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch the claimed key; nothing where there is none of that name."""
        text = self.key_text(claim, http)
        if text is None:
            return {}
        try:
            return {claim: self.key_of(text)}
        except ValueError as error:
            raise unusable_key(self.key_owner, str(error)) from error

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with a configured key."""
        name = self.key_name(request)
        key = self.configured_keys.get(name)
        if key is None:
            raise VerificationError("unknown_key", f"The key {name[:200]!r} is not in {self.keys_setting}.")
        return self.verify_with_key(request, now, key)


class AddressedKeys(NamedKeys):
    """Proves with a key at an address that the request names; satisfies OutboundUser too."""

    addresses: KeyAddresses

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins where keys may be."""
        return self.addresses.origins

    @abstractmethod
    def key_address(self, request: InboundRequest) -> str:
        """Return the address that the request names, which nobody has judged; raises VerificationError."""

    def key_name(self, request: InboundRequest) -> str:
        """Return the address of the key, judged."""
        return self.addresses.judged(self.key_address(request))

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Fetch the file at the address."""
        return fetched_file(http.request("GET", claim), self.key_owner)


class AddressedCertificates(AddressedKeys):
    """Proves with the certificate at an address, which must be in force: certificates (DER) stand where keys do."""

    keys_setting = "certificates"

    def key_of(self, text: str) -> bytes:
        """Return the certificate of a text."""
        return certificate_der(text)
