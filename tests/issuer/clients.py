"""Clients of the issuer as tests play them: a browser that goes to the gateway and back, and a back end that redeems codes."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from tests.login.browser import BASE_URL
from tests.login.in_memory import CodeBrowser, InMemoryGateway

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636, Appendix B."""

WIKI_SECRET = "wiki-5f1c9e7a2b4d6038"
SHOP_SECRET = "shop-0c7b3a9f8e2d1654"
FILE = f"""
[[clients]]
client_id = "wiki"
title = "The wiki"
secret = "{WIKI_SECRET}"
redirect_uris = ["https://wiki.example/cb", "https://wiki.example/cb2?x=1"]
scopes = ["openid", "profile", "email", "phone", "platform", "offline_access", "balance"]
post_logout_redirect_uris = ["https://wiki.example/bye"]
[[clients]]
client_id = "shop"
title = "The shop"
secret = ["{SHOP_SECRET}", "shop-older-1234567890"]
first_party = true
pkce = "optional"
id_token_alg = "ES256"
redirect_uris = "https://shop.example/cb"
scopes = ["profile", "balance", "openid", "offline_access"]
backchannel_logout_uri = "https://shop.example/logout"
[[clients]]
client_id = "app"
title = "The app"
public = true
redirect_uris = ["com.example.app:/callback", "http://localhost:9000/cb"]
"""


@dataclass
class Person:
    """Somebody with a browser, at the gateway and at clients."""

    gateway: InMemoryGateway
    browser: CodeBrowser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.gateway.browser()

    def log_in(self) -> None:
        """Log in at the gateway, before any client is in play."""
        self.browser.log_in()

    def authorize(self, client: str = "wiki", **changes: Any) -> Any:
        """Open the authorize address as a client has it opened; a change to None leaves a parameter out."""
        query = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": {"wiki": "https://wiki.example/cb", "shop": "https://shop.example/cb"}.get(
                client, "http://localhost:9000/cb"
            ),
            "scope": "openid profile",
            "state": "st-1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        pairs = [(name, value) for name, value in query.items() if value is not None]
        return self.browser.get(f"/oidc/authorize?{urlencode(pairs, doseq=True)}")

    def allow(self, page: TestResponse, decision: str = "allow", **changes: str) -> Any:
        """Press a button of the consent page."""
        fields = hidden_fields(page) | {"decision": decision} | changes
        return self.browser.post("/oidc/consent", data=fields, headers={"Origin": BASE_URL})

    def code(self, client: str = "wiki", **changes: Any) -> str:
        """Go to the client with a code, saying yes where that is asked, and return the code."""
        answer = self.authorize(client, **changes)
        if answer.status_code == 200:
            answer = self.allow(answer)
        return parameters(answer)["code"]


def hidden_fields(page: TestResponse) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return fields_in(page.get_data(as_text=True))


def fields_in(text: str) -> dict[str, str]:
    """Return the hidden fields in a page's text."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {name: html.unescape(value) for name, value in found}


def parameters(answer: TestResponse) -> dict[str, str]:
    """Return what a redirect to a client carries."""
    assert answer.status_code == 303, (answer.status_code, answer.get_data(as_text=True)[:400])
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@dataclass
class BackEnd:
    """A client's server."""

    gateway: InMemoryGateway
    client_id: str = "wiki"
    secret: str | None = WIKI_SECRET
    redirect_uri: str = "https://wiki.example/cb"

    def post(self, path: str, form: dict[str, Any], *, basic: bool = True) -> Any:
        """Send a form to the gateway, proving itself."""
        headers = {}
        given = {name: value for name, value in form.items() if value is not None}
        if self.secret is not None and basic:
            pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            given = {"client_id": self.client_id, **given}
            if self.secret is not None:
                given["client_secret"] = self.secret
        client = self.gateway.app.test_client()
        return client.post(path, data=given, headers=headers, base_url=BASE_URL)

    def redeem(self, code: str, *, basic: bool = True, **changes: Any) -> Any:
        """Trade a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return self.post("/oidc/token", form | changes, basic=basic)

    def refresh(self, token: str, **changes: Any) -> Any:
        """Trade a refresh token for new tokens."""
        return self.post("/oidc/token", {"grant_type": "refresh_token", "refresh_token": token} | changes)

    def tokens(self, code: str, **changes: Any) -> dict[str, Any]:
        """Trade a code that must be good."""
        answer = self.redeem(code, **changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})

    def user_info(self, token: str, **options: Any) -> Any:
        """Ask who a token is about."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.gateway.app.test_client().get(
            "/oidc/userinfo", headers=headers, base_url=BASE_URL, **options
        )


def shop_of(gateway: InMemoryGateway) -> BackEnd:
    """Return the back end of the first-party client."""
    return BackEnd(gateway, "shop", SHOP_SECRET, "https://shop.example/cb")


def claims_of(gateway: InMemoryGateway, token: str) -> dict[str, Any]:
    """Return what a signed token says, checked with the published keys by joserfc."""
    document: Any = gateway.app.test_client().get("/oidc/jwks", base_url=BASE_URL).json
    read = jwt.decode(token, KeySet.import_key_set(document), algorithms=["RS256", "ES256"])
    return dict(read.claims)


def left_half(text: str) -> str:
    """Return at_hash of a token (OpenID Connect Core §3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def query_of(address: str) -> dict[str, list[str]]:
    """Return the query of an address."""
    return parse_qs(urlsplit(address).query)
