"""What a described login's server says about itself: addresses that the description leaves out, and keys of ID tokens.

How both are read and judged is in app/wire/oidc.py, how long they are kept in app/wire/kept.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from app.core.ports import HttpClient
from app.core.values import JSON
from app.security.outbound import origin_of
from app.wire.discovered_server import DiscoveredServer
from app.wire.logins.calls import checked_address, rebased
from app.wire.logins.id_tokens import TENANT
from app.wire.oidc import (
    ServerDocument,
    bad_document,
    judge_address,
    read_document,
)

ANY_TENANT = "{tenantid}"
"""What Microsoft's document writes for the tenant where several may log in."""


class LoginServer(DiscoveredServer):
    """One server; `clock` counts seconds and never goes back."""

    def __init__(
        self, *, issuer: str, discovery: str, base: str, hosts: tuple[str, ...], private_hosts: tuple[str, ...],
        algorithms: Sequence[str], needed: Sequence[str], clock: Callable[[], float] = time.monotonic,
    ):  # fmt: skip
        self.issuer = issuer
        self._discovery, self._base, self._hosts = discovery, base, hosts
        self._private, self._algorithms, self._needed = private_hosts, tuple(algorithms), tuple(needed)
        super().__init__(clock)

    def learn(self, http: HttpClient) -> None:
        """Make sure that document and keys are known; raises UpstreamError."""
        self.keys(http)

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

    def _judge(self, address: str) -> None:
        """Refuse an address that is not the server's own or not public; with `base` that one's own origin is fit too."""
        if self._base and origin_of(address) == origin_of(self._base):
            return
        judge_address(address, issuer=self.issuer.replace(TENANT, "x"), private_hosts=self._private)
        checked_address(address, self._hosts)

    def called(self, address: str) -> str:
        """Return where an address that the server named is called: below `base`, where there is one."""
        if self._base and urlsplit(address).netloc == urlsplit(self._base).netloc:
            return address
        return rebased(address, self._base)
