"""Authlib, an independent client, beside ours: the same person at the simulator, the same verdict on every recorded ID token."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.login.gateway import Gateway
from tests.logins.conftest import SLUGS
from tests.logins.test_simulator import go_through
from tests.logins.test_vectors import CASES, PROVIDERS
from tests.sandbox.server import SandboxServer

SECRET = "client-secret-0123456789"
RETURN = "https://gate.example/oauth/x/callback"
DISCOVERED = ("okta", "keycloak", "casdoor", "logto", "oidc", "auth0", "gitea", "gitlab", "google", "slack")


def verdict(
    token: str,
    jwks: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    now: int,
    access_token: str,
) -> dict[str, Any]:
    """Return the claims of an ID token as Authlib judges it; raises its own errors."""
    read = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256", "ES384"])  # type: ignore[arg-type]
    options = {"iss": {"values": [issuer]}, "aud": {"values": [client_id]}, "exp": {"essential": True}}
    params = {"client_id": client_id, "nonce": nonce, "access_token": access_token}
    claims = CodeIDToken(read.claims, read.header, options, params)
    claims.validate(now=now, leeway=0)
    return dict(claims)


@pytest.mark.parametrize("slug", DISCOVERED)
def test_authlib_meets_the_same_person(gateway: Gateway, sandbox: SandboxServer, slug: str):
    ours = gateway.browser()
    assert go_through(sandbox, ours, slug).status_code == 303
    own = f"{sandbox.url}/oauth2/presets/{slug}"
    document = requests.get(f"{own}/.well-known/openid-configuration", timeout=5).json()
    token_address, page = document["token_endpoint"], document["authorization_endpoint"]
    engine: Any = gateway.connector(slug).engine
    if engine.login.token.url:
        token_address, page = engine.token.address, engine.pages[""][0]()
    client = OAuth2Session(
        f"client-{slug}", SECRET, scope="openid profile", redirect_uri=RETURN, code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",
    )  # fmt: skip
    verifier = "v" * 43
    address, state = client.create_authorization_url(page, nonce="n-1", code_verifier=verifier)
    back = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
    tokens = client.fetch_token(
        token_address, authorization_response=back, state=state, code_verifier=verifier
    )
    claims = verdict(
        tokens["id_token"], requests.get(document["jwks_uri"], timeout=5).json(), issuer=document["issuer"],
        client_id=f"client-{slug}", nonce="n-1", now=int(sandbox.state.now()), access_token=tokens["access_token"],
    )  # fmt: skip
    assert claims["sub"] == ours.me()["identities"][0]["subject"]


def recorded() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return every recorded token answer with an ID token, and whether that login is to be taken."""
    found = []
    for slug, case in CASES:
        body = case["exchanges"][0]["answer"]["body"] if case["exchanges"] else ""
        if '"id_token"' in body and case["flow"] == "login":
            found.append((slug, case, json.loads(body)))
    return found


RECORDED = recorded()


@pytest.mark.parametrize(
    ("slug", "case", "answer"), RECORDED, ids=[f"{slug}: {case['name']}" for slug, case, _ in RECORDED]
)
def test_authlib_gives_the_same_verdict_on_a_recorded_token(
    slug: str, case: dict[str, Any], answer: dict[str, Any]
):
    record = PROVIDERS[slug]
    said = record["settings"]
    issuers = {
        "google": "https://accounts.google.com", "apple": "https://appleid.apple.com", "slack": "https://slack.com",
        "linkedin": "https://www.linkedin.com/oauth", "gitlab": said.get("base_url"),
    }  # fmt: skip
    issuer = issuers.get(slug) or said["issuer"]
    nonce = None if slug == "linkedin" else said["nonce"]

    def judge() -> dict[str, Any]:
        return verdict(
            answer["id_token"], record["jwks"], issuer=issuer, client_id=said["client_id"], nonce=nonce, now=record["now"],
            access_token=answer["access_token"],
        )  # fmt: skip

    is_about_userinfo = len(case["exchanges"]) > 1
    if "expect" in case:
        assert judge()["sub"] == case["expect"]["subject"]
    elif is_about_userinfo:
        judge()
    else:
        with pytest.raises(Exception, match=r".+"):  # Authlib and joserfc have no common class
            judge()


def test_the_counterpart_sees_tokens_of_both_kinds():
    taken = [case for _, case, _ in RECORDED if "expect" in case]
    assert len(taken) >= 9
    assert len(RECORDED) - len(taken) >= 50
    assert set(DISCOVERED) <= set(SLUGS)
