"""A person's token: lent by its own route, and put in where a call is made in somebody's name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.core.values import Identity, TokenSet
from app.pipeline.tokens.user_tokens import store_new_tokens
from app.storage.login.identities import StoredIdentity, insert_identity_once
from app.storage.login.users import insert_user
from sandbox.people import PEOPLE
from sandbox.state import Grant
from tests.builders import NOW
from tests.relay.gateway import OTHER, SHOP, WEB, Sibling, bearer
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
WHO = "/relay/feishu/open-apis/authen/v1/user_info"


@dataclass
class Person:
    """Somebody who has logged in with Feishu."""

    id: str
    token: str


@pytest.fixture
def person(sibling: Sibling, sandbox: SandboxServer) -> Person:
    """Log somebody in, as far as tokens go."""
    state, services = sandbox.state, sibling.services
    grant = Grant(
        platform="feishu",
        client_id=sandbox.settings["FEISHU_APP_ID"],
        person=PEOPLE[0],
        redirect_uri="",
        scope="offline_access",
        granted_at=state.now(),
    )
    access = state.issue_access_token(grant, "u-first-token", grant.scope)
    refresh = state.issue_refresh_token(grant, "r-first-token", grant.scope)
    identity = StoredIdentity("i1", "u1", "feishu", Identity("feishu:x", "open_id", "ou_1"), NOW, NOW)
    with services.database.begin() as tx:
        insert_user(tx, "u1", NOW)
        insert_identity_once(tx, identity)
        store_new_tokens(services, tx, "i1", TokenSet(access.value, 7200, refresh.value, 86_400))
    return Person("i1", access.value)


def test_a_persons_token_is_lent_to_those_who_may_have_it(sibling: Sibling, person: Person) -> None:
    path = f"/api/v1/identities/{person.id}/token"
    answer = sibling.ask("POST", path, SHOP)
    assert answer.json == {
        "access_token": person.token,
        "expires_in": 7200,
        "token_type": "Bearer",
        "scope": None,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert sibling.ask("POST", path, WEB).status_code == 403
    assert sibling.ask("POST", "/api/v1/identities/nobody/token", SHOP).status_code == 404


def test_a_call_in_a_persons_name_carries_their_token(
    sibling: Sibling, sandbox: SandboxServer, person: Person
) -> None:
    relay_token = sibling.relay_token("feishu")
    answer = sibling.ask("GET", WHO, headers={**bearer(relay_token), "X-Callgate-Identity": person.id})
    assert (answer.json or {})["data"]["name"] == PEOPLE[0].name_zh
    assert sandbox.state.calls("feishu.user_info")[-1].headers["Authorization"] == f"Bearer {person.token}"
    assert "X-Callgate-Identity" not in sandbox.state.calls("feishu.user_info")[-1].headers


def test_a_persons_stale_token_is_refreshed_once_and_the_call_repeated(
    sibling: Sibling, sandbox: SandboxServer, person: Person
) -> None:
    sandbox.state.expire_access_tokens("feishu")
    answer = sibling.ask("GET", WHO, SHOP, headers={"X-Callgate-Identity": person.id})
    assert (answer.status_code, (answer.json or {})["code"]) == (200, 0)
    assert len(sandbox.state.calls("feishu.token")) == 1
    assert len(sandbox.state.calls("feishu.user_info")) == 2


def test_a_person_who_must_log_in_again_is_told_and_no_wrong_token_is_counted(
    sibling: Sibling, sandbox: SandboxServer, person: Person
) -> None:
    sandbox.state.expire_access_tokens("feishu")
    for issued in sandbox.state.refresh_tokens.values():
        issued.revoked = True
    first = sibling.ask("GET", WHO, SHOP, headers={"X-Callgate-Identity": person.id})
    assert (first.status_code, (first.json or {})["code"]) == (400, 99991677), "the platform's own answer"
    for _ in range(32):
        answer = sibling.ask("POST", f"/api/v1/identities/{person.id}/token", SHOP)
        assert (answer.status_code, (answer.json or {})["error"]) == (401, "login_required")


def test_nobody_calls_in_the_name_of_somebody_elsewhere(sibling: Sibling, person: Person) -> None:
    named = {"X-Callgate-Identity": person.id}
    other = sibling.ask("GET", "/relay/wechat/sns/userinfo", SHOP, headers=named)
    assert (other.status_code, (other.json or {})["error"]) == (404, "unknown_identity")
    without = sibling.ask("GET", "/relay/wecom/cgi-bin/user/get", OTHER, headers=named)
    assert (without.status_code, (without.json or {})["error"]) == (403, "missing_scope")
