"""Login at a server that is known by its issuer: addresses by discovery and, with the scope openid, people by ID token.

Read 2026-11-28: OpenID Connect Core 1.0 §3.1, §5.3.2. How a token is checked is in app/wire/oidc.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from app.config.samples import leads_to_this_machine
from app.core.errors import GrantRejected
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import JSON, CodeGrant, Identity, TokenSet
from app.platforms.oauth2.login import NAME_FIELDS, OAuth2Login
from app.security.outbound import origin_of
from app.wire.discovered_server import DiscoveredServer
from app.wire.oauth2 import exact_subject, resource, token_set
from app.wire.oidc import Expected, check_same_person

PROVEN = "openid"
"""Under this name the ID token's claims about the person are kept, sealed, beside the tokens."""

PERSON_CLAIMS = ("sub", "name", "preferred_username", "picture", "email")
LONGEST_CLAIM = 2048


@dataclass(frozen=True, repr=False)
class OpenIdLogin(OAuth2Login):
    """Logs people in at a discovered server; satisfies app.core.ports.LoginProvider and DiscoveringLogin."""

    server: DiscoveredServer

    name_fields: ClassVar[tuple[str, ...]] = (*NAME_FIELDS, "preferred_username")

    @property
    def issuer(self) -> str:
        """Whose subjects these are: an OpenID Connect subject is unique within its issuer."""
        return f"oauth2:{self.settings.issuer}"

    @property
    def private_hosts(self) -> frozenset[str]:
        """Return the hosts that may be private: the operator's own, and this machine where the simulator is the issuer."""
        own = self.settings
        written = [own.authorize_url, own.token_url, own.userinfo_url, own.revoke_url, own.topup_url]
        if leads_to_this_machine(own.issuer):
            written.append(own.issuer)
        return frozenset(own.allowed_hosts) | {_host_and_port(address) for address in written if address}

    def learn(self, http: HttpClient) -> None:
        """Make sure that the server's addresses are known, and its keys where ID tokens are checked."""
        self.server.document(http)
        if self.settings.is_openid:
            self.server.keys(http)

    @property
    def return_issuer(self) -> str:
        """The only value that `iss` of a return may have."""
        return self.settings.issuer

    @property
    def issuer_parameter(self) -> str | None:
        """The value that `iss` of a return must have, None where the server promises none (RFC 9207)."""
        known = self.server.known
        return self.settings.issuer if known is not None and known.promises_issuer else None

    @property
    def login_page(self) -> str:
        """The page to send browsers to; before it is known, the server's own origin."""
        known = self.server.known
        return self.settings.authorize_url or (
            self.settings.issuer if known is None else known.authorization_endpoint
        )

    def token_address(self, http: HttpClient) -> str:
        """Return where codes and refresh tokens are redeemed."""
        return self.settings.token_url or self.server.document(http).token_endpoint

    def userinfo_address(self, http: HttpClient) -> str:
        """Return what says who logged in; empty where the ID token alone does."""
        return self.settings.userinfo_url or self.server.document(http).userinfo_endpoint

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to, with this login's nonce."""
        page = super().authorize_url(request)
        if not self.settings.is_openid:
            return page
        address = urlsplit(page)
        query = [*parse_qsl(address.query, keep_blank_values=True), ("nonce", request.nonce)]
        return address._replace(query=urlencode(query, quote_via=quote)).geturl()

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once; with the scope openid an ID token must come along and hold."""
        document = self.server.document(http)
        answer = self.redeem(grant, http)
        tokens = token_set(answer, scope=self.settings.scopes or None)
        if not self.settings.is_openid:
            return tokens
        expected = Expected(
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            nonce=grant.nonce,
            access_token=tokens.access_token,
            now=grant.redeemed_at,
            algorithms=document.algorithms,
        )
        claims = self.server.claims(answer.get("id_token"), expected, http)
        return replace(tokens, extra={**tokens.extra, PROVEN: json.dumps(_about_person(claims))})

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; user information about anybody else than the ID token's person is refused (Core §5.3.2)."""
        if not self.settings.is_openid:
            return super().identity(tokens, http)
        if PROVEN not in tokens.extra:
            # Tokens of a login from before this channel had an issuer.
            raise GrantRejected(platform_code="no_id_token")
        proven: JSON = json.loads(tokens.extra[PROVEN])
        address = self.userinfo_address(http)
        if not address:
            return self.identity_in(proven)
        body = resource(address, tokens, http, wanted=["sub"])
        check_same_person(exact_subject(body.get("sub"), "sub"), proven["sub"])
        return self.identity_in(body)


def _host_and_port(address: str) -> str:
    return urlsplit(origin_of(address)).netloc


def _about_person(claims: JSON) -> dict[str, str]:
    """Return the claims worth keeping: short texts about who it is."""
    said = {name: claims.get(name) for name in PERSON_CLAIMS}
    return {name: text for name, text in said.items() if isinstance(text, str) and len(text) <= LONGEST_CLAIM}
