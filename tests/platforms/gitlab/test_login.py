"""Login with GitLab: the recorded answers, what is sent, whom the answer means, what each refusal says to do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt as peer
from joserfc.jwk import RSAKey

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest, HttpAnswer, LoginProvider, TokenRevoker
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.gitlab import PLATFORM, GitLabConnector
from app.platforms.gitlab.login import PROVEN
from tests.platforms.deliveries import SECONDS
from tests.platforms.gitlab.signing import SIGNING
from tests.platforms.oauth2.server import server

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["login"]
BASE = "https://gitlab.example.com"
APP = {"client_id": "gl1", "client_secret": "client-secret-VALUE", "base_url": BASE}
GRANT = CodeGrant("the-code", "https://gate.example/cb", "verifier", nonce="nonce-1", redeemed_at=SECONDS)
DEV = {"sub": "42", "name": "Dev", "nickname": "dev", "profile": f"{BASE}/dev", "email": "dev@example.com"}
API_DEV = {"id": 42, "name": "Dev", "username": "dev", "web_url": f"{BASE}/dev", "email": "dev@example.com"}
ERRORS = {
    "grant_rejected": GrantRejected,
    "token_rejected": UpstreamError,
    "unavailable": UpstreamUnavailable,
    "config": UpstreamError,
}


@cache
def key(_number: int) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "key-1"})


@dataclass
class Server:
    """Answers by path as GitLab would, and remembers what it was asked; `made` names what is said otherwise."""

    made: dict[str, tuple[int, Any]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signed_by: int = 1
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        address = urlsplit(url)
        self.calls.append({"method": method, "url": url, "path": address.path, **options})
        status, said = self.made.get(address.path) or (200, self._usual(address.path))
        return server(said, status).request(method, url)

    def _usual(self, path: str) -> Any:
        return {
            "/oauth/discovery/keys": lambda: {"keys": [key(1).as_dict(private=False)]},
            "/oauth/token": self._tokens,
            "/oauth/userinfo": lambda: DEV,
            "/api/v4/user": lambda: API_DEV,
            "/oauth/revoke": dict,
        }[path]()

    def _tokens(self) -> dict[str, Any]:
        answer = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 7200, "refresh_token": "rt-1"}
        return answer | {"scope": "openid profile", "id_token": self._id_token()}

    def _id_token(self) -> str:
        claims = {
            "iss": BASE,
            "aud": "gl1",
            "sub": "42",
            "iat": SECONDS,
            "exp": SECONDS + 120,
            "nonce": "nonce-1",
        }
        return peer.encode({"alg": "RS256", "kid": "key-1"}, claims | self.claims, key(self.signed_by))

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["path"] == path]


@dataclass
class Recorded:
    """Plays the exchanges of one recorded case; the key set is the provider's."""

    exchanges: list[dict[str, Any]]

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        if url == f"{BASE}/oauth/discovery/keys":
            return server(VECTORS["jwks"]).request(method, url)
        expected = self.exchanges.pop(0)
        asked = expected["request"]
        assert (asked["method"], asked["url"]) == (method, url)
        assert asked.get("headers", {}).items() <= (options.get("headers") or {}).items()
        assert asked.get("body", {}).items() <= (options.get("form") or {}).items()
        said = expected["answer"]
        return server(said["body"].encode(), said["status"]).request(method, url)


def opened(**keys: Any) -> GitLabConnector:
    connector = PLATFORM.open("gl", PLATFORM.settings.model_validate(APP | keys))
    assert isinstance(connector, GitLabConnector)
    return connector


def logged_in(http: Any, grant: CodeGrant = GRANT, **keys: Any) -> tuple[TokenSet, Identity]:
    connector = opened(**keys)
    tokens = connector.exchange(grant, http)
    return tokens, connector.identity(tokens, http)


def recorded_result(case: dict[str, Any]) -> tuple[TokenSet, Identity | None]:
    own, http = VECTORS["settings"], Recorded(list(case["exchanges"]))
    keys = {name: own[name] for name in ("client_id", "client_secret", "base_url")}
    if case["flow"] == "refresh":
        return opened(**keys).refresh(TokenSet("at", refresh_token=own["refresh_token"]), http), None
    grant = CodeGrant(
        case["callback"]["params"]["code"],
        own["redirect_uri"],
        own["code_verifier"],
        nonce=own["nonce"],
        redeemed_at=VECTORS["now"],
    )
    return logged_in(http, grant, **keys)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_recorded_answers_mean_what_was_recorded(case: dict[str, Any]) -> None:
    if (error := case.get("expect_error")) is not None:
        with pytest.raises(ERRORS[error["class"]]):
            recorded_result(case)
        return
    tokens, person = recorded_result(case)
    expected = case["expect"]
    assert (tokens.expires_in, tokens.refresh_token) == (expected["expires_in"], expected["refresh_token"])
    assert tokens.access_token == expected.get("access_token", tokens.access_token)
    if person is not None:
        found = (person.subject, person.name, person.avatar_url, person.union_id)
        assert found == (expected["subject"], expected["name"], expected["avatar"], expected["union_id"])


def test_only_a_channel_with_an_application_logs_people_in() -> None:
    assert isinstance(opened(), LoginProvider)
    assert isinstance(opened(), TokenRevoker)
    for lacking in ("client_id", "client_secret"):
        settings = PLATFORM.settings.model_validate({"secret": SIGNING} | APP | {lacking: ""})
        assert not isinstance(PLATFORM.open("gl", settings), LoginProvider)
        assert settings.missing_login_secret() == lacking


def test_the_page_is_asked_with_pkce_and_nonce_and_every_value_encoded() -> None:
    request = AuthorizeRequest("https://gate.example/cb?x=1", "st&te", "chal", nonce="n&nce")
    address = urlsplit(opened().authorize_url(request))
    assert address._replace(query="").geturl() == f"{BASE}/oauth/authorize"
    assert parse_qs(address.query, strict_parsing=True) == {
        "client_id": ["gl1"],
        "redirect_uri": ["https://gate.example/cb?x=1"],
        "response_type": ["code"],
        "state": ["st&te"],
        "scope": ["openid profile"],
        "code_challenge": ["chal"],
        "code_challenge_method": ["S256"],
        "nonce": ["n&nce"],
    }


def test_without_openid_there_is_no_nonce_and_no_key_is_asked_for() -> None:
    http = Server()
    assert "nonce" not in opened(scope="read_user").authorize_url(AuthorizeRequest("https://g/cb", "s", "c"))
    tokens, person = logged_in(http, scope="read_user")
    assert [call["path"] for call in http.calls] == ["/oauth/token", "/api/v4/user"]
    assert (PROVEN in tokens.extra, person.subject) == (False, "42")


def test_with_and_without_openid_a_person_is_the_same_one() -> None:
    (_, proven), (_, plain) = logged_in(Server()), logged_in(Server(), scope="read_user")
    assert proven == plain
    assert (proven.issuer, proven.subject_kind, proven.subject) == ("gitlab:gitlab.example.com", "id", "42")
    assert proven.profile == {"username": "dev", "name": "Dev", "web_url": f"{BASE}/dev"}
    assert "dev@example.com" not in str(proven)


def test_the_code_is_redeemed_once_with_verifier_and_return_address() -> None:
    http = Server()
    tokens, _ = logged_in(http)
    (call,) = http.asked("/oauth/token")
    assert call["form"] == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": "https://gate.example/cb",
        "code_verifier": "verifier",
        "client_id": "gl1",
        "client_secret": "client-secret-VALUE",
    }
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_in) == ("at-1", "rt-1", 7200)


@pytest.mark.parametrize(
    "answer", [(503, {}), (404, b"<html>"), (200, {"keys": 5}), (200, b"no JSON")], ids=str
)
def test_a_code_is_not_spent_where_the_keys_cannot_be_had(answer: tuple[int, Any]) -> None:
    http = Server({"/oauth/discovery/keys": answer})
    with pytest.raises(UpstreamError):
        logged_in(http)
    assert http.asked("/oauth/token") == []


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": BASE + "/"},
        {"aud": "another"},
        {"aud": ["gl1", "another"]},
        {"exp": SECONDS - 1},
        {"iat": SECONDS + 3600},
        {"sub": ""},
        {"sub": 42},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_an_id_token_must_hold_in_every_point(claims: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError, match="ID token"):
        logged_in(Server(claims=claims))


def test_an_id_token_of_another_key_is_refused() -> None:
    with pytest.raises(UpstreamError, match="No key"):
        logged_in(Server(signed_by=2))


@pytest.mark.parametrize("sub", ["43", " 42", "42.0", "٤٢"])
def test_user_information_about_somebody_else_is_refused(sub: str) -> None:
    with pytest.raises(UpstreamError, match="somebody else"):
        logged_in(Server({"/oauth/userinfo": (200, DEV | {"sub": sub})}))


@pytest.mark.parametrize("sub", [None, "", " ", True, 1.5, [], {}], ids=str)
def test_without_a_user_id_there_is_no_login(sub: Any) -> None:
    with pytest.raises(UpstreamError):
        logged_in(Server({"/oauth/userinfo": (200, DEV | {"sub": sub})}))
    with pytest.raises(UpstreamError):
        logged_in(Server({"/api/v4/user": (200, API_DEV | {"id": sub})}), scope="read_user")


def test_tokens_from_before_openid_was_asked_for_need_a_new_login() -> None:
    with pytest.raises(GrantRejected):
        opened().identity(TokenSet("at-1"), Server())


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:x", 5, None], ids=str)
def test_an_address_that_is_none_is_not_shown(address: Any) -> None:
    said = DEV | {"picture": address, "profile": address}
    _, person = logged_in(Server({"/oauth/userinfo": (200, said)}))
    assert person.avatar_url is None
    assert "web_url" not in person.profile


@pytest.mark.parametrize(
    ("base", "issuer"),
    [
        ("https://gitlab.com", "gitlab:gitlab.com"),
        ("https://git.corp.example:8443/gitlab/", "gitlab:git.corp.example:8443/gitlab"),
    ],
)
def test_the_issuer_is_the_server_and_not_the_application(base: str, issuer: str) -> None:
    assert [opened(base_url=base, client_id=each).issuer for each in ("one", "two")] == [issuer, issuer]


@pytest.mark.parametrize(
    ("status", "word", "page"),
    [
        (401, "invalid_client", "Applications"),
        (401, "something_new", "client_secret"),
        (400, "unauthorized_client", "Confidential"),
        (400, "invalid_scope", "tick them"),
    ],
)
def test_a_refusal_names_the_page_to_open(status: int, word: str, page: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        logged_in(Server({"/oauth/token": (status, {"error": word, "error_description": "x"})}))
    assert page in caught.value.message
    assert caught.value.platform_code == word


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_dead_code_is_a_dead_grant_whatever_the_status(status: int) -> None:
    with pytest.raises(GrantRejected):
        logged_in(Server({"/oauth/token": (status, {"error": "invalid_grant"})}))


@pytest.mark.parametrize(
    "content", [{}, {"access_token": ""}, {"error": {"a": 1}}, b"<html>", b"", b"[]"], ids=str
)
@pytest.mark.parametrize("status", [200, 401, 404])
def test_an_answer_without_a_token_is_no_login(content: Any, status: int) -> None:
    with pytest.raises(UpstreamError):
        logged_in(Server({"/oauth/token": (status, content)}))


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/userinfo", "/oauth/discovery/keys"])
def test_a_busy_platform_may_be_asked_again(path: str, status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        logged_in(Server({path: (status, {})}))


def test_a_dead_token_and_one_without_scope_are_told_apart() -> None:
    with pytest.raises(TokenRejected):
        logged_in(Server({"/oauth/userinfo": (401, {"error": "invalid_token"})}))
    with pytest.raises(UpstreamError, match="tick them"):
        logged_in(Server({"/oauth/userinfo": (403, {"error": "insufficient_scope"})}))


def test_without_a_refresh_token_there_is_nothing_to_trade() -> None:
    with pytest.raises(GrantRejected):
        opened().refresh(TokenSet("t"), Server())


def test_both_tokens_are_revoked_the_refresh_token_first() -> None:
    http = Server()
    opened().revoke(TokenSet("at-1", refresh_token="rt-1"), http)
    assert [call["form"]["token"] for call in http.calls] == ["rt-1", "at-1"]
    with pytest.raises(UpstreamError, match="client_secret"):
        opened().revoke(TokenSet("at-1"), Server({"/oauth/revoke": (403, {"error": "invalid_client"})}))
