"""A channel that is known by its issuer: what it asks for, keeps, and makes of what its server says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt as peer
from joserfc.jwk import ECKey
from pydantic import ValidationError

from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, DiscoveringLogin, HttpAnswer, LoginProvider
from app.core.values import CodeGrant, TokenSet
from app.platforms.oauth2 import PLATFORM, RevocableTopupOpenIdLogin
from app.platforms.oauth2.discovery import IssuersServer
from app.platforms.oauth2.openid import OpenIdLogin
from tests.builders import NOW, FrozenClock
from tests.platforms.oauth2.server import server

ISSUER = "https://id.example.com"
KEYS = {"client_id": "client-1", "client_secret": "client-secret-VALUE", "issuer": ISSUER}
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.com/authorize?tenant=1",
    "token_endpoint": "https://api.example.com/token",
    "userinfo_endpoint": "https://api.example.com/me",
    "jwks_uri": "https://keys.example.com/keys",
}
GRANT = CodeGrant(
    "code-1", "https://gate.example/cb", "verifier-1", nonce="nonce-1", redeemed_at=NOW.timestamp()
)
FLOW = AuthorizeRequest("https://gate.example/cb", "state-1", "challenge-1", nonce="nonce-1")


@cache
def key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "key-1"})


@dataclass
class Provider:
    """Answers by address, and counts what it was asked."""

    document: dict[str, Any] = field(default_factory=lambda: dict(DOCUMENT))
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "person-1", "name": "Ada"})
    claims: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        self.asked.append(url)
        said = {
            f"{ISSUER}/.well-known/openid-configuration": self.document,
            "https://keys.example.com/keys": {"keys": [key().as_dict(private=False)]},
            "https://api.example.com/token": {"access_token": "at-1", "id_token": self.id_token()},
            "https://api.example.com/me": self.person,
        }[url]
        return server(said, self.status).request(method, url)

    def id_token(self) -> str:
        now = int(NOW.timestamp())
        claims = {"iss": ISSUER, "aud": "client-1", "sub": "person-1", "iat": now, "exp": now + 300}
        return peer.encode({"alg": "ES256"}, claims | {"nonce": "nonce-1"} | self.claims, key())


def channel(**keys: Any) -> OpenIdLogin:
    opened = PLATFORM.open("x", PLATFORM.settings.model_validate(KEYS | keys))
    assert isinstance(opened, OpenIdLogin)
    return opened


def test_such_a_channel_logs_people_in_and_discovers():
    opened = channel()
    assert isinstance(opened, LoginProvider)
    assert isinstance(opened, DiscoveringLogin)
    everything = channel(revoke_url="https://id.example.com/r", topup_url="https://pay.example.com/t")
    assert isinstance(everything, RevocableTopupOpenIdLogin)


def test_without_an_issuer_nothing_is_discovered_and_no_nonce_is_sent():
    opened: Any = PLATFORM.open(
        "x",
        PLATFORM.settings.model_validate(
            {name: value for name, value in KEYS.items() if name != "issuer"}
            | {"authorize_url": "https://a.example/a", "token_url": "https://a.example/t"}
            | {"userinfo_url": "https://a.example/u", "scope": "openid"}
        ),
    )
    assert not isinstance(opened, DiscoveringLogin)
    assert "nonce" not in opened.authorize_url(FLOW)
    assert opened.exchange(GRANT, server({"access_token": "at-1"})).extra == {}
    assert opened.identity(TokenSet("at-1"), server({"id": 7})).subject == "7"


@pytest.mark.parametrize("missing", ["authorize_url", "token_url", "userinfo_url"])
def test_without_an_issuer_every_address_must_be_written(missing: str):
    keys = {name: f"https://a.example/{name}" for name in ("authorize_url", "token_url", "userinfo_url")}
    with pytest.raises(ValidationError) as caught:
        PLATFORM.settings.model_validate({"client_id": "c", "client_secret": "s", **keys, missing: ""})
    assert [fault["loc"] for fault in caught.value.errors()] == [(missing,)]


def test_people_are_sent_to_the_page_that_the_server_names_with_a_nonce():
    opened, provider = channel(), Provider()
    opened.learn(provider)
    query = parse_qs(urlsplit(opened.authorize_url(FLOW)).query)
    assert opened.authorize_url(FLOW).startswith("https://id.example.com/authorize?tenant=1&")
    assert (query["scope"], query["nonce"]) == (["openid"], ["nonce-1"])


def test_before_anything_is_known_forms_may_lead_to_the_issuers_own_origin():
    assert channel().authorize_url(FLOW).startswith(ISSUER)


@pytest.mark.parametrize("name", ["nonce", "request", "request_uri", "state"])
def test_what_each_login_sets_cannot_be_set_for_all(name: str):
    with pytest.raises(ValidationError):
        channel(authorize_params={name: "x"})


def test_a_written_address_goes_before_the_servers_own():
    opened, provider = (
        channel(userinfo_url="https://api.example.com/me", authorize_url="https://other.example/a"),
        Provider(),
    )
    provider.document["userinfo_endpoint"] = "https://api.example.com/elsewhere"
    opened.learn(provider)
    assert opened.authorize_url(FLOW).startswith("https://other.example/a?")
    assert opened.identity(opened.exchange(GRANT, provider), provider).name == "Ada"


def test_a_person_is_who_the_id_token_and_user_information_agree_on():
    opened, provider = channel(), Provider()
    person = opened.identity(opened.exchange(GRANT, provider), provider)
    assert (person.issuer, person.subject_kind, person.subject) == (f"oauth2:{ISSUER}", "sub", "person-1")


@pytest.mark.parametrize(
    "said", [{"sub": "person-2"}, {"sub": "PERSON-1"}, {"sub": "person-1 "}, {"id": 7}, {"sub": None}]
)
def test_user_information_about_anybody_else_is_refused(said: dict[str, Any]):
    opened, provider = channel(), Provider(person=said)
    tokens = opened.exchange(GRANT, provider)
    with pytest.raises(UpstreamError) as caught:
        opened.identity(tokens, provider)
    assert caught.value.code in ("upstream_bad_identity", "upstream_no_subject")


def test_another_field_may_be_the_id_while_the_subject_is_still_compared():
    opened, provider = channel(subject="employee.number"), Provider()
    provider.person = {"sub": "person-1", "employee": {"number": 77}}
    person = opened.identity(opened.exchange(GRANT, provider), provider)
    assert (person.subject_kind, person.subject) == ("number", "77")


def test_a_server_without_user_information_names_the_person_in_the_id_token():
    opened, provider = channel(), Provider(claims={"name": "Grace", "picture": "https://pic.example/g.png"})
    del provider.document["userinfo_endpoint"]
    person = opened.identity(opened.exchange(GRANT, provider), provider)
    assert (person.subject, person.name, person.avatar_url) == (
        "person-1",
        "Grace",
        "https://pic.example/g.png",
    )
    assert "https://api.example.com/me" not in provider.asked


def test_tokens_of_a_login_without_an_id_token_name_nobody():
    with pytest.raises(GrantRejected):
        channel().identity(TokenSet("at-0"), Provider())


def test_without_the_scope_openid_addresses_are_discovered_and_no_id_token_is_wanted():
    opened, provider = channel(scope="profile", subject="sub"), Provider(claims={"nonce": "foreign"})
    opened.learn(provider)
    assert "nonce" not in opened.authorize_url(FLOW)
    assert opened.identity(opened.exchange(GRANT, provider), provider).name == "Ada"
    assert "https://keys.example.com/keys" not in provider.asked


def test_a_code_is_not_redeemed_with_a_server_that_cannot_be_used():
    provider = Provider()
    provider.document["issuer"] = "https://other.example.com"
    with pytest.raises(UpstreamError):
        channel().exchange(GRANT, provider)
    assert provider.asked == [f"{ISSUER}/.well-known/openid-configuration"]


def test_what_a_server_says_is_asked_for_once_and_again_after_an_hour():
    clock, provider = FrozenClock(), Provider()
    opened = OpenIdLogin(
        channel().settings, IssuersServer(channel().settings, lambda: clock.now().timestamp())
    )
    for _ in range(3):
        opened.learn(provider)
    assert len(provider.asked) == 2, "the document and the keys"
    clock.advance(seconds=3600)
    opened.learn(provider)
    assert len(provider.asked) == 4


def test_a_server_that_fails_is_left_alone_for_a_moment():
    clock, provider = FrozenClock(), Provider(status=503)
    opened = OpenIdLogin(
        channel().settings, IssuersServer(channel().settings, lambda: clock.now().timestamp())
    )
    for _ in range(3):
        with pytest.raises(UpstreamError):
            opened.learn(provider)
    assert len(provider.asked) == 1
    provider.status = 200
    clock.advance(seconds=10)
    opened.learn(provider)
    assert len(provider.asked) == 3


@pytest.mark.parametrize("status", [301, 404, 410, 418])
def test_a_document_that_is_not_there_is_told_with_its_address(status: int):
    with pytest.raises(UpstreamError) as caught:
        channel().learn(Provider(status=status))
    assert caught.value.code == "bad_discovery"
    assert f"{ISSUER}/.well-known" in caught.value.message


def test_the_return_names_the_issuer_where_the_server_promises_it():
    opened, provider = channel(), Provider()
    opened.learn(provider)
    assert (opened.issuer_parameter, opened.return_issuer) == (None, ISSUER)
    opened, provider = channel(), Provider()
    provider.document["authorization_response_iss_parameter_supported"] = True
    opened.learn(provider)
    assert opened.issuer_parameter == ISSUER


def test_private_hosts_are_those_that_the_operator_has_written():
    assert channel().private_hosts == frozenset()
    opened = channel(allowed_hosts=["a.internal"], token_url="https://B.internal/t")
    assert opened.private_hosts == {"a.internal", "b.internal:443"}
    local = channel(issuer="http://127.0.0.1:5004/oauth2")
    assert local.private_hosts == {"127.0.0.1:5004"}


@pytest.mark.parametrize("host", ["https://a.internal", "a internal", "a/b", ""])
def test_an_allowed_host_that_is_none_is_refused(host: str):
    with pytest.raises(ValidationError):
        channel(allowed_hosts=[host])


def test_what_is_kept_of_an_id_token_is_short_text_about_the_person():
    provider = Provider(claims={"name": "Ada", "picture": "x" * 3000, "groups": ["a"] * 500})
    kept = json.loads(channel().exchange(GRANT, provider).extra["openid"])
    assert kept == {"sub": "person-1", "name": "Ada"}
