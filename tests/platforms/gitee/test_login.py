"""Login with Gitee: what is sent, whom the answer means, what each refusal says to do. Answers are scripted or the simulator's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest, LoginProvider, TokenRevoker
from app.core.values import CodeGrant, TokenSet
from app.platforms.gitee import PLATFORM, GiteeConnector
from app.security.outbound import OutboundClient
from tests.platforms.gitee.signing import SECRET
from tests.platforms.gitee.simulator_client import gitee_authorize, gitee_code
from tests.platforms.oauth2.server import ScriptedServer, server
from tests.sandbox.clients import RETURN_ADDRESS
from tests.sandbox.server import SandboxServer

FIXTURE = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["login"]
APP = {"client_id": "c", "client_secret": "client-secret-VALUE"}
GRANT = CodeGrant("x", "https://gw.example.com/cb/gitee", "verifier")
LILEI = FIXTURE["user"]["json"]


def opened(**keys: Any) -> GiteeConnector:
    connector = PLATFORM.open("ge", PLATFORM.settings.model_validate(APP | keys))
    assert isinstance(connector, GiteeConnector)
    return connector


def simulated(sandbox: SandboxServer) -> tuple[GiteeConnector, OutboundClient]:
    own = sandbox.settings
    app = {"client_id": own["GITEE_CLIENT_ID"], "client_secret": own["GITEE_CLIENT_SECRET"]}
    return opened(**app, base_url=f"{sandbox.url}/gitee"), OutboundClient([sandbox.url])


def exchanged(http: ScriptedServer) -> TokenSet:
    return opened().exchange(GRANT, http)


def test_only_a_channel_with_an_application_logs_people_in() -> None:
    assert isinstance(opened(), LoginProvider)
    assert not isinstance(opened(), TokenRevoker)
    for lacking in ("client_id", "client_secret"):
        settings = PLATFORM.settings.model_validate({"secret": SECRET} | APP | {lacking: ""})
        assert not isinstance(PLATFORM.open("ge", settings), LoginProvider)
        assert settings.missing_login_secret() == lacking


def test_the_page_is_asked_as_recorded() -> None:
    wanted = FIXTURE["authorize"]
    request = AuthorizeRequest(wanted["params"]["redirect_uri"], wanted["params"]["state"], "chal", nonce="n")
    address = urlsplit(opened(scope="user_info emails").authorize_url(request))
    assert address._replace(query="").geturl() == wanted["url"]
    found = parse_qs(address.query, strict_parsing=True)
    assert found == {name: [value] for name, value in wanted["params"].items()}


def test_every_value_of_the_page_is_encoded() -> None:
    address = opened().authorize_url(AuthorizeRequest("https://g/cb?x=1&state=2", "st&te", "c"))
    assert parse_qs(urlsplit(address).query)["state"] == ["st&te"]


def test_the_code_is_redeemed_as_recorded() -> None:
    http, wanted = server(FIXTURE["token_ok"]["json"]), FIXTURE["token_request"]
    tokens = exchanged(http)
    (call,) = http.calls
    assert (call["method"], call["url"]) == (wanted["method"], wanted["url"])
    assert call["form"] == wanted["form"] | {"client_secret": "client-secret-VALUE"}
    found = (tokens.access_token, tokens.refresh_token, tokens.expires_in, tokens.scope)
    assert found == ("t", "r", 86_400, "user_info emails")


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_a_dead_code_is_a_dead_grant_whatever_the_status(status: int) -> None:
    with pytest.raises(GrantRejected):
        exchanged(server(FIXTURE["token_error"]["json"], status))


@pytest.mark.parametrize(
    ("status", "word", "page"),
    [
        (401, "invalid_client", "client_secret"),
        (200, "invalid_client", "第三方应用"),
        (401, "something_new", "client_secret"),
        (400, "unauthorized_client", "第三方应用"),
        (400, "invalid_scope", "user_info"),
    ],
)
def test_a_refusal_names_the_page_to_open(status: int, word: str, page: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        exchanged(server({"error": word, "error_description": "x"}, status))
    assert page in caught.value.message
    assert caught.value.platform_code == word


@pytest.mark.parametrize(
    "content", [{}, {"access_token": ""}, {"error": {"a": 1}}, b"<html>", b"", b"[]"], ids=str
)
@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_answer_without_a_token_is_no_login(content: Any, status: int) -> None:
    with pytest.raises(UpstreamError):
        exchanged(server(content, status))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        exchanged(server({}, status))
    with pytest.raises(UpstreamUnavailable):
        opened().identity(TokenSet("t"), server({}, status))


def test_the_number_is_the_subject_and_no_mail_address_is_kept() -> None:
    http = server(LILEI | {"email": "lilei@example.com", "html_url": "https://gitee.com/lilei"})
    person = opened().identity(TokenSet("t"), http)
    (call,) = http.calls
    assert (call["method"], call["url"], call["params"]) == (
        "GET",
        FIXTURE["user"]["url"],
        {"access_token": "t"},
    )
    assert (person.issuer, person.subject_kind, person.subject) == ("gitee:gitee.com", "id", "12345")
    assert (person.name, person.avatar_url) == (FIXTURE["identity"]["name"], LILEI["avatar_url"])
    assert person.profile == {"login": "lilei", "name": "李雷", "html_url": "https://gitee.com/lilei"}


def test_a_long_number_stays_exact() -> None:
    assert opened().identity(TokenSet("t"), server(b'{"id":9007199254740993}')).subject == "9007199254740993"


def test_the_issuer_is_the_server_and_not_the_application() -> None:
    assert [opened(client_id=app).issuer for app in ("one", "two")] == ["gitee:gitee.com"] * 2
    assert opened(base_url="https://git.example:8443/gitee").issuer == "gitee:git.example:8443/gitee"


@pytest.mark.parametrize("number", [None, "12345", True, 1.5, [], "", {}], ids=str)
def test_without_a_numeric_id_there_is_no_login(number: Any) -> None:
    with pytest.raises(UpstreamError):
        opened().identity(TokenSet("t"), server({"login": "lilei", "id": number}))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:x", 5, None], ids=str)
def test_an_address_that_is_none_is_not_shown(address: Any) -> None:
    person = opened().identity(TokenSet("t"), server({"id": 1, "avatar_url": address, "html_url": address}))
    assert person.avatar_url is None
    assert "html_url" not in person.profile


def test_a_dead_token_and_one_without_scope_are_told_apart() -> None:
    with pytest.raises(TokenRejected):
        opened().identity(
            TokenSet("t"), server({"message": "401 Unauthorized: Access token is expired"}, 401)
        )
    with pytest.raises(UpstreamError, match="tick user_info"):
        opened().identity(TokenSet("t"), server({"message": "403 Forbidden"}, 403))


@pytest.mark.parametrize(
    "answer", [(404, b"<html>"), (404, {"message": "404 Not Found"}), (200, {"error": "x"})], ids=str
)
def test_an_answer_that_is_an_error_is_no_person(answer: tuple[int, Any]) -> None:
    with pytest.raises(UpstreamError):
        opened().identity(TokenSet("t"), server(answer[1], answer[0]))


def test_without_a_refresh_token_there_is_nothing_to_trade() -> None:
    with pytest.raises(GrantRejected):
        opened().refresh(TokenSet("t"), server({}))


def test_a_refresh_token_that_is_not_replaced_stays() -> None:
    tokens = opened().refresh(
        TokenSet("old", refresh_token="r", scope="user_info"), server({"access_token": "new"})
    )
    assert (tokens.access_token, tokens.refresh_token, tokens.scope) == ("new", "r", "user_info")


@pytest.mark.parametrize("errors_with_200", [False, True])
def test_the_simulator_logs_a_person_in_once(sandbox: SandboxServer, errors_with_200: bool) -> None:
    sandbox.state.switches["gitee_errors_with_200"] = errors_with_200
    connector, http = simulated(sandbox)
    grant = CodeGrant(gitee_code(sandbox), RETURN_ADDRESS, "")
    tokens = connector.exchange(grant, http)
    person = connector.identity(tokens, http)
    assert (person.subject, person.profile["login"], tokens.expires_in) == ("7710001", "linxiao", 86_400)
    with pytest.raises(GrantRejected):
        connector.exchange(grant, http)


def test_another_return_address_redeems_nothing(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    with pytest.raises(GrantRejected):
        connector.exchange(CodeGrant(gitee_code(sandbox), "https://other.example/cb", ""), http)


def test_tokens_are_refreshed_once(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    old = connector.exchange(CodeGrant(gitee_code(sandbox), RETURN_ADDRESS, ""), http)
    new = connector.refresh(old, http)
    assert new.refresh_token != old.refresh_token
    assert connector.identity(new, http).subject == "7710001"
    with pytest.raises(GrantRejected):
        connector.refresh(old, http)


def test_a_login_without_the_scope_says_what_to_tick(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    tokens = connector.exchange(CodeGrant(gitee_code(sandbox, scope="emails"), RETURN_ADDRESS, ""), http)
    with pytest.raises(UpstreamError, match="tick user_info"):
        connector.identity(tokens, http)


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "other"}, {"redirect_uri": "not an address"}, {"response_type": "token"}],
    ids=lambda changes: next(iter(changes)),
)
def test_the_simulator_keeps_a_wrong_request_on_its_own_page(
    sandbox: SandboxServer, changes: dict[str, str]
) -> None:
    assert gitee_authorize(sandbox, **changes).status_code in (400, 401)
