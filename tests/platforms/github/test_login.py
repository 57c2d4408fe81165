"""Login with GitHub: what is sent, whom the answer means, what each refusal says to do. Answers are scripted or the simulator's."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest, LoginProvider
from app.core.values import CodeGrant, TokenSet
from app.platforms.github import PLATFORM, GitHubConnector
from app.security.outbound import OutboundClient
from tests.platforms.github.signing import SECRET
from tests.platforms.github.simulator_client import github_authorize, github_code
from tests.platforms.oauth2.server import ScriptedServer, server
from tests.sandbox.clients import RETURN_ADDRESS, VERIFIER
from tests.sandbox.server import SandboxServer

APP = {"client_id": "Ov23", "client_secret": "client-secret-VALUE"}
GOOD = {"access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email"}
GRANT = CodeGrant("the-code", "https://gate.example/cb", "verifier")
OCTOCAT = {"id": 583231, "login": "octocat", "name": "The Octocat", "email": "octocat@github.com"}


def opened(**keys: Any) -> GitHubConnector:
    connector = PLATFORM.open("gh", PLATFORM.settings.model_validate(APP | keys))
    assert isinstance(connector, GitHubConnector)
    return connector


def simulated(sandbox: SandboxServer) -> tuple[GitHubConnector, OutboundClient]:
    own = sandbox.settings
    connector = opened(
        client_id=own["GITHUB_CLIENT_ID"],
        client_secret=own["GITHUB_CLIENT_SECRET"],
        web_base=f"{sandbox.url}/github",
        api_base=f"{sandbox.url}/github/api",
    )
    return connector, OutboundClient([sandbox.url])


def exchanged(http: ScriptedServer) -> TokenSet:
    return opened().exchange(GRANT, http)


def test_only_a_channel_with_an_app_logs_people_in() -> None:
    assert isinstance(opened(), LoginProvider)
    for lacking in ("client_id", "client_secret"):
        settings = PLATFORM.settings.model_validate({"secret": SECRET} | APP | {lacking: ""})
        assert not isinstance(PLATFORM.open("gh", settings), LoginProvider)
        assert settings.missing_login_secret() == lacking


def test_the_page_is_asked_with_pkce_and_every_value_encoded() -> None:
    request = AuthorizeRequest("https://gate.example/cb?x=1", "st&te", "chal", None)
    address = urlsplit(opened(scope="read:user user:email").authorize_url(request))
    assert address._replace(query="").geturl() == "https://github.com/login/oauth/authorize"
    assert parse_qs(address.query, strict_parsing=True) == {
        "client_id": ["Ov23"],
        "redirect_uri": ["https://gate.example/cb?x=1"],
        "state": ["st&te"],
        "code_challenge": ["chal"],
        "code_challenge_method": ["S256"],
        "scope": ["read:user user:email"],
    }


def test_no_scope_is_asked_for_unless_it_is_set() -> None:
    assert "scope=" not in opened().authorize_url(AuthorizeRequest("https://g/cb", "s", "c"))


def test_the_code_is_redeemed_with_verifier_and_return_address() -> None:
    http = server(GOOD)
    tokens = exchanged(http)
    (call,) = http.calls
    assert (call["method"], call["url"]) == ("POST", "https://github.com/login/oauth/access_token")
    assert call["form"] == APP | {
        "code": "the-code",
        "redirect_uri": "https://gate.example/cb",
        "code_verifier": "verifier",
    }
    assert (tokens.access_token, tokens.scope, tokens.refresh_token) == (
        "gho_1",
        "read:user user:email",
        None,
    )


def test_an_answer_in_form_encoding_is_understood_too() -> None:
    body = b"access_token=gho_1&scope=&token_type=bearer"
    assert exchanged(server(body, Content_Type="application/x-www-form-urlencoded")).access_token == "gho_1"


@pytest.mark.parametrize("word", ["bad_verification_code", "bad_refresh_token"])
def test_a_dead_code_comes_with_status_200_and_is_a_dead_grant(word: str) -> None:
    with pytest.raises(GrantRejected):
        exchanged(server({"error": word, "error_description": "x"}))


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("incorrect_client_credentials", "OAuth Apps"),
        ("redirect_uri_mismatch", "Authorization callback URL"),
        ("unverified_user_email", "Settings → Emails"),
        ("application_suspended", "Developer settings"),
    ],
)
def test_a_refusal_names_the_page_to_open(word: str, page: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        exchanged(server({"error": word}))
    assert page in caught.value.message
    assert caught.value.platform_code == word


@pytest.mark.parametrize(
    "content",
    [{}, {"access_token": ""}, {"access_token": 5}, {"error": {"a": 1}}, b"<html>", b"", b"[]"],
    ids=str,
)
def test_an_answer_without_a_token_is_no_login(content: Any) -> None:
    with pytest.raises(UpstreamError):
        exchanged(server(content))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        exchanged(server({}, status))


def test_the_number_is_the_subject_and_no_mail_address_is_kept() -> None:
    person = opened().identity(TokenSet("gho_1"), server(OCTOCAT))
    assert (person.issuer, person.subject_kind, person.subject) == ("github:github.com", "id", "583231")
    assert person.name == "The Octocat"
    assert "octocat@github.com" not in str(person)


def test_a_long_number_stays_exact() -> None:
    assert opened().identity(TokenSet("t"), server(b'{"id":9007199254740993}')).subject == "9007199254740993"


def test_the_issuer_is_the_server_and_not_the_app() -> None:
    both = [opened(client_id=app).issuer for app in ("one", "two")]
    assert both == ["github:github.com"] * 2
    assert opened(web_base="https://git.example:8443").issuer == "github:git.example:8443"


@pytest.mark.parametrize("number", [None, "583231", True, 1.5, [], "", {}], ids=str)
def test_without_a_numeric_id_there_is_no_login(number: Any) -> None:
    with pytest.raises(UpstreamError):
        opened().identity(TokenSet("t"), server({"login": "octocat", "id": number}))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:x", 5, None], ids=str)
def test_an_address_that_is_none_is_not_shown(address: Any) -> None:
    person = opened().identity(TokenSet("t"), server({"id": 1, "avatar_url": address, "html_url": address}))
    assert person.avatar_url is None
    assert "html_url" not in person.profile


def test_a_dead_token_is_told_apart() -> None:
    with pytest.raises(TokenRejected):
        opened().identity(TokenSet("t"), server({"message": "Bad credentials"}, 401))


def test_without_a_refresh_token_there_is_nothing_to_trade() -> None:
    with pytest.raises(GrantRejected):
        opened().refresh(TokenSet("t"), server(GOOD))


def test_the_simulator_logs_a_person_in(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    grant = CodeGrant(github_code(sandbox, scope="read:user"), RETURN_ADDRESS, VERIFIER)
    tokens = connector.exchange(grant, http)
    person = connector.identity(tokens, http)
    assert (person.subject, person.profile["login"], tokens.scope) == ("583010001", "linxiao", "read:user")
    with pytest.raises(GrantRejected):
        connector.exchange(grant, http)


def test_the_simulator_wants_the_verifier(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    with pytest.raises(GrantRejected):
        connector.exchange(CodeGrant(github_code(sandbox), RETURN_ADDRESS, "x" * 43), http)


def test_expiring_tokens_are_refreshed_once(sandbox: SandboxServer) -> None:
    sandbox.state.switches["github_expiring_tokens"] = True
    connector, http = simulated(sandbox)
    tokens = connector.exchange(CodeGrant(github_code(sandbox), RETURN_ADDRESS, VERIFIER), http)
    assert (tokens.expires_in, bool(tokens.refresh_token)) == (28_800, True)
    assert connector.refresh(tokens, http).refresh_token != tokens.refresh_token
    with pytest.raises(GrantRejected):
        connector.refresh(tokens, http)


def test_a_person_without_a_confirmed_mail_is_told_so(sandbox: SandboxServer) -> None:
    sandbox.state.switches["github_unverified_mail"] = True
    connector, http = simulated(sandbox)
    with pytest.raises(UpstreamError, match="confirm your mail address"):
        connector.exchange(CodeGrant(github_code(sandbox), RETURN_ADDRESS, VERIFIER), http)


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "other"}, {"redirect_uri": "not an address"}, {"code_challenge_method": "plain"}],
    ids=lambda changes: next(iter(changes)),
)
def test_the_simulator_keeps_a_wrong_request_on_its_own_page(
    sandbox: SandboxServer, changes: dict[str, str]
) -> None:
    assert github_authorize(sandbox, **changes).status_code in (400, 404)
