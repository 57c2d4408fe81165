"""What a described login's server says about itself: addresses that the description leaves out, and keys of ID tokens.

How both are read and judged is in app/wire/oidc.py, how long they are kept in app/wire/kept.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import JSON
from app.security.outbound import origin_of
from app.wire.kept import Kept
from app.wire.key_sets import ProviderKey
from app.wire.logins.calls import checked_address, rebased
from app.wire.logins.id_tokens import TENANT
from app.wire.oauth2 import raise_when_busy
from app.wire.oidc import (
    Expected,
    ServerDocument,
    UnknownKeyError,
    bad_document,
    judge_address,
    no_key_signed,
    read_document,
    read_id_token,
    read_keys,
)

REFETCH_SECONDS = 60
GOOD = 200
ANY_TENANT = "{tenantid}"
"""What Microsoft's document writes for the tenant where several may log in."""


class LoginServer:
    """One server; `clock` counts seconds and never goes back."""

    def __init__(
        self, *, issuer: str, discovery: str, base: str, hosts: tuple[str, ...], private_hosts: tuple[str, ...],
        algorithms: Sequence[str], needed: Sequence[str], clock: Callable[[], float] = time.monotonic,
    ):  # fmt: skip
        self.issuer = issuer
        self._discovery, self._base, self._hosts = discovery, base, hosts
        self._private, self._algorithms, self._needed = private_hosts, tuple(algorithms), tuple(needed)
        self._document = Kept(self._ask_document, clock)
        self._keys = Kept(self._ask_keys, clock)

    @property
    def known(self) -> ServerDocument | None:
        """The document if it was ever read."""
        return self._document.value

    def learn(self, http: HttpClient) -> None:
        """Make sure that document and keys are known; raises UpstreamError."""
        self._keys.get(http)

    def document(self, http: HttpClient) -> ServerDocument:
        """Return the document; raises UpstreamError when the server does not say what can be used."""
        return self._document.get(http)

    def claims(self, token: object, expected: Expected, http: HttpClient) -> JSON:
        """Return the claims of an ID token that holds; raises UpstreamError. An unknown key makes the set be read anew."""
        try:
            return read_id_token(token, expected, self._keys.get(http))
        except UnknownKeyError:
            pass
        try:
            return read_id_token(token, expected, self._keys.get(http, longest=REFETCH_SECONDS))
        except UnknownKeyError:
            raise no_key_signed() from None

    def _ask_document(self, http: HttpClient) -> ServerDocument:
        said = self._json(self._discovery, http)
        return read_document(
            said, self._issuer_in(said), self._judge, needed=self._needed, algorithms=self._algorithms
        )

    def _issuer_in(self, said: JSON) -> str:
        """Return what the document must call itself; where the issuer has the tenant in it, any one tenant may stand there."""
        if TENANT not in self.issuer:
            return self.issuer
        named, (before, after) = said.get("issuer"), self.issuer.split(TENANT)
        is_one = isinstance(named, str) and named.startswith(before) and named.endswith(after)
        tenant = str(named)[len(before) : len(str(named)) - len(after)] if is_one else ""
        if not tenant or "/" in tenant:
            raise bad_document("it names another issuer")
        return str(named)

    def _ask_keys(self, http: HttpClient) -> tuple[ProviderKey, ...]:
        return read_keys(self._json(self._document.get(http).jwks_uri, http))

    def _judge(self, address: str) -> None:
        """Refuse an address that is not the server's own or not public; with `base` that one's own origin is fit too."""
        if self._base and origin_of(address) == origin_of(self._base):
            return
        judge_address(address, issuer=self.issuer.replace(TENANT, "x"), private_hosts=self._private)
        checked_address(address, self._hosts)

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

    def called(self, address: str) -> str:
        """Return where an address that the server named is called: below `base`, where there is one."""
        if self._base and urlsplit(address).netloc == urlsplit(self._base).netloc:
            return address
        return rebased(address, self._base)
