"""atlassian-jwt as an independent judge: it makes tokens that this channel believes, and believes what the simulator makes."""

from __future__ import annotations

import time
from typing import Any

import atlassian_jwt
import pytest

from app.platforms.jira_connect import PLATFORM
from app.platforms.jira_connect.tokens import query_string_hash
from tests.platforms.deliveries import delivery
from tests.platforms.jira_connect.sample import BASE, SECRET, SETTINGS, TENANT, WEBHOOK, signed
from tests.platforms.recorded_cases import event

URIS = (
    "/webhook",
    "/webhook?user_id=5b10&user_key=admin%20x",
    "/webhook?b=2&a=1&a=0",
    "/webhook?q=%E4%BD%A0%E5%A5%BD",
    "/webhook?empty=",
    "/a/b",
)


class Tenants(atlassian_jwt.Authenticator):  # type: ignore[misc]
    """Knows one tenant."""

    def get_shared_secret(self, client_key: str) -> Any:
        return SECRET if client_key == TENANT else None


def at(uri: str) -> Any:
    path, _, query = uri.partition("?")
    return delivery(WEBHOOK)._replace(path=f"/webhooks/open{path}", query_string=query)


@pytest.mark.parametrize("uri", URIS)
def test_the_library_hashes_an_address_as_we_do(uri: str) -> None:
    theirs = atlassian_jwt.url_utils.hash_url("POST", uri)
    assert query_string_hash(at(uri), BASE) == theirs


@pytest.mark.parametrize("uri", URIS)
def test_a_token_of_the_library_is_believed(uri: str) -> None:
    token = atlassian_jwt.encode_token("POST", uri, TENANT, SECRET)
    request = at(uri)._replace(headers=(("Authorization", f"JWT {token}"),))
    source = PLATFORM.open("jira", PLATFORM.settings.model_validate(SETTINGS))
    now = request.received_at.fromtimestamp(time.time(), request.received_at.tzinfo)
    assert event(source, request._replace(received_at=now)).type == "jira:issue_created"


@pytest.mark.parametrize("uri", URIS)
def test_the_library_believes_the_simulators_token(uri: str) -> None:
    path, _, query = uri.partition("?")
    now = int(time.time())
    request = signed(WEBHOOK, below=path, query=query, iat=now, exp=now + 180, aud=None)
    headers = {"authorization": request.header("Authorization")}
    assert Tenants().authenticate("POST", uri, headers).client_key == TENANT
