"""Login at the simulated GitLab, as the gateway does it: with and without OpenID, and with everything that can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamError
from app.core.values import CodeGrant
from app.platforms.gitlab import GitLabConnector
from app.security.outbound import OutboundClient
from tests.platforms.gitlab.simulator_client import NONCE, gitlab_authorize, gitlab_code
from tests.platforms.gitlab.test_login import opened
from tests.sandbox.clients import RETURN_ADDRESS, VERIFIER, returned
from tests.sandbox.server import SandboxServer


def simulated(sandbox: SandboxServer, **keys: Any) -> tuple[GitLabConnector, OutboundClient]:
    own = sandbox.settings
    app = {"client_id": own["GITLAB_CLIENT_ID"], "client_secret": own["GITLAB_CLIENT_SECRET"]}
    return opened(**app, base_url=f"{sandbox.url}/gitlab", **keys), OutboundClient([sandbox.url])


def grant_of(sandbox: SandboxServer, **changes: str) -> CodeGrant:
    code = gitlab_code(sandbox, **changes)
    return CodeGrant(code, RETURN_ADDRESS, VERIFIER, nonce=NONCE, redeemed_at=sandbox.state.now())


def test_the_simulator_logs_a_person_in(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    grant = grant_of(sandbox)
    tokens = connector.exchange(grant, http)
    person = connector.identity(tokens, http)
    assert (person.subject, person.profile["username"]) == ("4210001", "linxiao")
    with pytest.raises(GrantRejected):
        connector.exchange(grant, http)


def test_the_simulator_logs_the_same_person_in_without_openid(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox, scope="read_user")
    tokens = connector.exchange(grant_of(sandbox, scope="read_user"), http)
    assert connector.identity(tokens, http).subject == "4210001"


@pytest.mark.parametrize(
    "switch",
    [
        "gitlab_no_id_token",
        "gitlab_other_key",
        "gitlab_wrong_nonce",
        "gitlab_wrong_issuer",
        "gitlab_wrong_audience",
    ],
)
def test_a_spoilt_id_token_of_the_simulator_is_refused(sandbox: SandboxServer, switch: str) -> None:
    sandbox.state.switches[switch] = True
    connector, http = simulated(sandbox)
    with pytest.raises(UpstreamError, match="ID token"):
        connector.exchange(grant_of(sandbox), http)


def test_an_id_token_about_somebody_else_is_refused(sandbox: SandboxServer) -> None:
    sandbox.state.switches["gitlab_other_person"] = True
    connector, http = simulated(sandbox)
    tokens = connector.exchange(grant_of(sandbox), http)
    with pytest.raises(UpstreamError, match="somebody else"):
        connector.identity(tokens, http)


def test_the_simulator_wants_the_verifier(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    with pytest.raises(GrantRejected):
        connector.exchange(CodeGrant(gitlab_code(sandbox), RETURN_ADDRESS, "x" * 43), http)


def test_a_refresh_ends_both_old_tokens(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    old = connector.exchange(grant_of(sandbox), http)
    new = connector.refresh(old, http)
    assert (new.refresh_token == old.refresh_token, new.expires_in) == (False, 7200)
    with pytest.raises(GrantRejected):
        connector.refresh(old, http)
    with pytest.raises(TokenRejected):
        connector.identity(old, http)


def test_revoked_tokens_are_dead(sandbox: SandboxServer) -> None:
    connector, http = simulated(sandbox)
    tokens = connector.exchange(grant_of(sandbox), http)
    connector.revoke(tokens, http)
    with pytest.raises(TokenRejected):
        connector.identity(tokens, http)


def test_a_scope_that_is_not_ticked_comes_back_as_an_error(sandbox: SandboxServer) -> None:
    assert returned(gitlab_authorize(sandbox, scope="api"))["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "not an address"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_simulator_keeps_a_wrong_request_on_its_own_page(
    sandbox: SandboxServer, changes: dict[str, str]
) -> None:
    assert gitlab_authorize(sandbox, **changes).status_code == 400
