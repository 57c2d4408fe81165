"""What an OpenID Connect server says about itself, asked once for all threads of this process and kept for a while.

How it is read and judged is in app/wire/oidc.py, how long it is kept in app/wire/kept.py.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import JSON
from app.wire.kept import Kept
from app.wire.key_answers import GOOD
from app.wire.key_sets import ProviderKey
from app.wire.oauth2 import raise_when_busy
from app.wire.oidc import (
    Expected,
    ServerDocument,
    UnknownKeyError,
    no_key_signed,
    read_id_token,
    read_keys,
)

REFETCH_SECONDS = 60
"""Keys are asked for anew no more often than this, whatever key id a token names."""


class DiscoveredServer(ABC):
    """One server, as its document and its key set describe it; `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._document = Kept(self._ask_document, clock)
        self._keys = Kept(self._ask_keys, clock)

    @abstractmethod
    def _ask_document(self, http: HttpClient) -> ServerDocument:
        """Read the document and judge it; raises UpstreamError."""

    def called(self, address: str) -> str:
        """Return where an address that the server named is called."""
        return address

    @property
    def known(self) -> ServerDocument | None:
        """The document if it was ever read."""
        return self._document.value

    def document(self, http: HttpClient) -> ServerDocument:
        """Return the document; raises UpstreamError when the server does not say what can be used."""
        return self._document.get(http)

    def keys(self, http: HttpClient) -> tuple[ProviderKey, ...]:
        """Return the keys that ID tokens can be checked with; raises UpstreamError."""
        return self._keys.get(http)

    def claims(self, token: object, expected: Expected, http: HttpClient) -> JSON:
        """Return the claims of an ID token that holds; raises UpstreamError.

        A token that no known key signed makes the keys be asked for anew, once in a while: the server may have changed them.
        """
        try:
            return read_id_token(token, expected, self.keys(http))
        except UnknownKeyError:
            pass
        try:
            return read_id_token(token, expected, self._keys.get(http, longest=REFETCH_SECONDS))
        except UnknownKeyError:
            raise no_key_signed() from None

    def _ask_keys(self, http: HttpClient) -> tuple[ProviderKey, ...]:
        return read_keys(self._json(self.document(http).jwks_uri, http))

    def _json(self, address: str, http: HttpClient) -> JSON:
        called = self.called(address)
        answer = http.request("GET", called)
        raise_when_busy(answer)
        if answer.status != GOOD:
            raise UpstreamError(
                "bad_discovery",
                f"The login server answered {answer.status} for {called}; compare issuer with the server's settings.",
                platform_code=str(answer.status),
            )
        return answer.json_object()
