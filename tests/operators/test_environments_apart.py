"""dev, test and prod side by side: what belongs to one is refused by another, each thing by a reason of its own.

docs/environments.md has the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.config.settings import Settings
from app.core.errors import LoginError, RefusedError, VerificationError
from app.core.values import Identity
from app.factory import create_app
from app.pipeline.api_tokens import Caller
from app.pipeline.inbound.receive import receive
from app.pipeline.login.sessions import SessionToken, open_session, verify_session
from app.pipeline.operators.doctor.examine import Surroundings, examine
from app.pipeline.relay.relay_tokens import open_relay_token, seal_relay_token
from app.pipeline.services import Services
from app.security.vault import VaultError
from app.storage.database.db import Database
from app.storage.login.identities import StoredIdentity, insert_identity_once
from app.storage.login.users import insert_user
from app.web.people.session_cookies import LOGIN, SESSION, cookie_name
from tests.builders import make_services, signed_callback
from tests.databases import copy_of
from tests.ports import free_port

pytestmark = pytest.mark.backends("sqlite")
Make = Callable[..., Services]
KEEPING = '[channels.callback]\nplatform = "callback"\nsecret = "%s"\nunknown_events = "store"\n'
DEV = {"APP_ENV": "dev", "PUBLIC_BASE_URL": "https://dev.example.com", "SANDBOX": "0"}
TEST = {
    "APP_ENV": "test",
    "PUBLIC_BASE_URL": "https://test.example.com",
    "SECRET_KEY": "77f1c2d3a4b5968778695a4b3c2d1e0f99887766",
}
SAME = "5f1c9d27b3e84a60"


@pytest.fixture
def dev(services_with: Make) -> Services:
    return services_with(channels=KEEPING % SAME, env=DEV)


@pytest.fixture
def test(sqlite_template: Path, tmp_path: Path) -> Iterator[Services]:
    """Return the other environment, with a database of its own; its channel has the same secret by mistake."""
    database = Database(copy_of(sqlite_template, tmp_path))
    made = make_services(database, channels=KEEPING % SAME, env=TEST)
    yield made
    made.inline_pool.shutdown(wait=False)
    database.close()


def opened_session(services: Services) -> SessionToken:
    known = Identity(issuer="github", subject_kind="id", subject="1", name="Ann")
    now = services.clock.now()
    identity = StoredIdentity("i1", "u1", "github", known, now, now)
    with services.database.begin() as tx:
        insert_user(tx, "u1", now)
        insert_identity_once(tx, identity)
        return open_session(services, tx, user_id="u1", identity_id="i1")[1]


def test_an_event_that_is_marked_as_another_environments_is_refused_although_the_secret_fits(
    dev: Services, test: Services
) -> None:
    forwarded = signed_callback(secret=SAME, headers={"X-Callgate-Environment": "dev"})
    assert receive(dev, "callback", forwarded, trace_id="t").status == 200
    with pytest.raises(RefusedError) as refused:
        receive(test, "callback", forwarded, trace_id="t")
    assert (refused.value.code, refused.value.http_status) == ("wrong_environment", 403)


def test_an_event_signed_with_another_environments_secret_is_refused(test: Services) -> None:
    with pytest.raises(VerificationError):
        receive(test, "callback", signed_callback(secret="another-5c1d9e7b3a"), trace_id="t")


def test_an_event_that_says_nothing_of_an_environment_is_judged_by_its_proof(test: Services) -> None:
    assert receive(test, "callback", signed_callback(secret=SAME), trace_id="t").status == 200


def test_a_command_that_is_marked_as_another_environments_is_refused(test: Services) -> None:
    client = create_app(services=test).test_client()
    answer = client.post(
        "/api/v1/commands",
        data=b"{}",
        headers={"X-Callgate-Environment": "prod", "X-Signature": "5f" * 32},
    )
    assert (answer.status_code, (answer.json or {})["error"]) == (403, "wrong_environment")


def test_a_session_of_one_is_none_in_another(dev: Services, test: Services) -> None:
    token = opened_session(dev)
    assert verify_session(dev, token.text).user_id == "u1"
    with pytest.raises(LoginError):
        verify_session(test, token.text)


def test_a_session_is_none_in_another_even_with_its_database_and_key(
    dev: Services, services_with: Make
) -> None:
    mistaken = services_with(env={**TEST, "SECRET_KEY": dev.settings.secret_key[0]})
    token = opened_session(dev)
    with pytest.raises(LoginError):
        verify_session(mistaken, token.text)


def test_cookies_of_two_environments_on_one_host_have_different_names() -> None:
    one, other = (
        Settings(secret_key=("x",), public_base_url=f"http://localhost:{port}") for port in (5003, 5013)
    )
    for name in (SESSION, LOGIN):
        assert cookie_name(one, name) != cookie_name(other, name)


def test_a_login_that_began_in_one_cannot_end_in_another(
    services_with: Make, sqlite_template: Path, tmp_path: Path
) -> None:
    github = (
        '[channels.github]\nplatform = "github"\nclient_id = "Iv1.9f1c"\nclient_secret = "9d1e7c5b3a28f604"\n'
    )
    other = Database(copy_of(sqlite_template, tmp_path))
    one, another = services_with(channels=github, env=DEV), make_services(other, channels=github, env=TEST)
    start = create_app(services=one).test_client().get("/oauth/github/start", base_url=DEV["PUBLIC_BASE_URL"])
    state = parse_qs(urlsplit(start.headers["Location"]).query)["state"][0]
    browser = create_app(services=another).test_client()
    name, _, value = start.headers["Set-Cookie"].partition(";")[0].partition("=")
    browser.set_cookie(name, value, domain="test.example.com")
    answer = browser.get(f"/oauth/github/callback?code=c&state={state}", base_url=TEST["PUBLIC_BASE_URL"])
    other.close()
    another.inline_pool.shutdown(wait=False)
    assert answer.status_code == 400
    assert "invalid_state" in answer.get_data(as_text=True)


def test_a_relay_token_of_one_opens_nothing_in_another(dev: Services, test: Services) -> None:
    token = seal_relay_token(dev, Caller("cfg:ops", "ops", frozenset({"relay"})), "callback", seconds=60)
    assert open_relay_token(dev, "callback", token) is not None
    assert open_relay_token(test, "callback", token) is None


def test_what_one_sealed_another_cannot_open(dev: Services, test: Services) -> None:
    sealed = dev.vault.seal(b"token", place="connections/1/access_token")
    with pytest.raises(VaultError, match="no longer in SECRET_KEY"):
        test.vault.open(sealed, place="connections/1/access_token")


def test_a_database_that_another_environment_uses_is_found(dev: Services, services_with: Make) -> None:
    opened_session(dev)
    mistaken = services_with(env={**TEST, "PUBLIC_BASE_URL": f"http://localhost:{free_port()}"})
    findings = {each.name: each for each in examine(mistaken, Surroundings(is_offline=True))}
    assert findings["database"].state == "wrong"
    assert "belongs to another environment" in findings["database"].told()
    assert (
        next(each for each in examine(dev, Surroundings(is_offline=True)) if each.name == "database").state
        == "ok"
    )


@pytest.mark.parametrize(("env", "word"), [("dev", "development"), ("test", "test"), ("prod", "")])
def test_each_page_says_which_environment_it_is(services_with: Make, env: str, word: str) -> None:
    client = create_app(services=services_with(env={**DEV, "APP_ENV": env})).test_client()
    page = client.get("/", base_url="https://dev.example.com").get_data(as_text=True)
    shown = f'<span class="pill {env}">{word}</span>'
    assert (shown in page) is bool(word)
    assert ('class="pill dev"' in page or 'class="pill test"' in page) is bool(word)
