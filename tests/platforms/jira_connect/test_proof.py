"""Which callbacks of a Connect app are proven: webhooks by their tenant, lifecycle callbacks by Atlassian alone."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from app.core.errors import UpstreamUnavailable, VerificationError
from app.platforms.jira_connect import PLATFORM
from sandbox.cloud_keys import RSA_KEY, private_key, public_pem
from sandbox.platforms.jira_connect.api import KEY_ID
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.jira_connect.sample import (
    BASE,
    INSTALLED,
    SECRET,
    SETTINGS,
    TENANT,
    WEBHOOK,
    lifecycle,
    signed,
    webhook,
)
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

OTHER_INSTALL = json.dumps(
    {"clientKey": "other", "sharedSecret": "evil-secret", "eventType": "installed"}
).encode()


def channel(**keys: Any) -> Any:
    return PLATFORM.open("jira", PLATFORM.settings.model_validate(SETTINGS | keys))


def made(key: Any, algorithm: str, *, body: bytes = INSTALLED, **header: Any) -> Any:
    """Return a lifecycle callback whose token an independent library made."""
    claims = jwt.decode(
        (lifecycle(body).header("Authorization") or "").removeprefix("JWT "),
        options={"verify_signature": False},
    )
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": KEY_ID} | header)
    return delivery(body, {"Authorization": f"JWT {token}"})._replace(path="/webhooks/open/installed")


def test_a_webhook_is_known_by_its_identifier() -> None:
    first = event(channel(), signed(WEBHOOK, headers={"X-Atlassian-Webhook-Identifier": "id-1"}))
    assert (first.type, first.key, first.subject) == ("jira:issue_created", "id-1", TENANT)
    assert first.occurred_at == NOW


def test_without_an_identifier_the_body_tells_webhooks_apart() -> None:
    first, again, other = (event(channel(), webhook(body)) for body in (WEBHOOK, WEBHOOK, WEBHOOK + b" "))
    assert first.key == again.key != other.key


def test_an_odd_identifier_is_not_believed() -> None:
    found = event(channel(), signed(WEBHOOK, headers={"X-Atlassian-Webhook-Identifier": "a b\x00"}))
    assert str(found.key).startswith(f"{TENANT}:jira:issue_created:")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (delivery(WEBHOOK), "missing_signature_header"),
        (delivery(WEBHOOK, {"Authorization": "Bearer a.b.c"}), "missing_signature_header"),
        (delivery(WEBHOOK, {"Authorization": "JWT "}), "malformed_signature"),
        (delivery(WEBHOOK, {"Authorization": "JWT a.b"}), "malformed_signature"),
        (signed(WEBHOOK, secret="another-secret-of-somebody"), "bad_signature"),
        (signed(WEBHOOK, iss="nobody"), "unknown_key"),
        (signed(WEBHOOK, iss=None), "unknown_tenant"),
        (signed(WEBHOOK, iss=["client-key-1"]), "unknown_tenant"),
        (signed(WEBHOOK, qsh="context-qsh"), "wrong_qsh"),
        (signed(WEBHOOK, qsh=""), "wrong_qsh"),
        (signed(WEBHOOK, qsh=None), "wrong_qsh"),
        (signed(WEBHOOK)._replace(method="PUT"), "wrong_qsh"),
        (signed(WEBHOOK)._replace(query_string="user_id=evil"), "wrong_qsh"),
        (signed(WEBHOOK)._replace(path="/webhooks/open/other"), "wrong_qsh"),
        (signed(WEBHOOK)._replace(path="/webhooks/openx/webhook"), "wrong_path"),
        (signed(WEBHOOK, iat=SECONDS - 400, exp=SECONDS - 220), "timestamp_outside_tolerance"),
        (signed(WEBHOOK, iat=SECONDS + 200), "timestamp_outside_tolerance"),
        (signed(WEBHOOK, exp=None), "bad_token_time"),
        (signed(WEBHOOK, iat=None), "bad_token_time"),
        (signed(WEBHOOK, exp="9" * 400), "bad_token_time"),
        (signed(WEBHOOK, secret=None), "algorithm_not_allowed"),
    ],
    ids=[*"abcdefghijklmnopqrstu"],
)
def test_what_no_tenant_sends_is_refused(request_: Any, reason: str) -> None:
    assert refusal(channel(), request_) == reason


@pytest.mark.parametrize(
    "query", ["b=2&a=1", "a=1&a=0&b", "user_key=admin%20x", "q=a+b", "name=%E4%BD%A0&jwt=x", "a=%2F"]
)
def test_the_query_counts_in_whatever_order_it_comes(query: str) -> None:
    assert event(channel(), signed(WEBHOOK, query=query)).type == "jira:issue_created"


def test_an_installation_is_proven_by_atlassian_and_its_secret_is_masked() -> None:
    source = channel()
    found = event(source, lifecycle(INSTALLED))
    assert (found.type, found.subject) == ("installed", TENANT)
    assert source.credential_places(found.data).fields == ("sharedSecret",)
    assert source.credential_places({"webhookEvent": "x"}).fields == ()


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (signed(INSTALLED, below="/installed"), "algorithm_not_allowed"),
        (delivery(INSTALLED), "missing_signature_header"),
        (made(SECRET, "HS256"), "algorithm_not_allowed"),
        (made(private_key(RSA_KEY), "RS256", kid="../evil"), "bad_key_name"),
        (made(private_key(RSA_KEY), "RS256", kid="unknown"), "unknown_key"),
        (made(private_key(RSA_KEY), "PS256"), "algorithm_not_allowed"),
        (made(private_key(RSA_KEY), "RS256", x5u="https://evil.example/"), "bad_token_header"),
        (made("", "none"), "malformed_signature"),
        (signed(INSTALLED, secret=None, below="/installed", aud=["https://other.example"]), "wrong_audience"),
        (signed(INSTALLED, secret=None, below="/installed", aud=None), "wrong_audience"),
        (signed(INSTALLED, secret=None, below="/installed", aud=5), "wrong_audience"),
        (signed(INSTALLED, secret=None, below="/installed", iss="other"), "wrong_tenant"),
        (lifecycle(OTHER_INSTALL), "wrong_tenant"),
        (lifecycle(INSTALLED)._replace(path="/webhooks/open/uninstalled"), "wrong_qsh"),
        (lifecycle(INSTALLED.replace(b"my-app", b"no-app")), "wrong_key"),
    ],
    ids=[*"abcdefghijklmno"],
)
def test_an_installation_that_is_not_atlassians_is_refused(request_: Any, reason: str) -> None:
    source = channel()
    if reason == "unknown_key":
        assert source.fetch_keys(source.claimed_key(request_), RecordedNetwork(), NOW) == {}
    assert refusal(source, request_) == reason


def test_a_webhook_cannot_call_itself_an_installation() -> None:
    body = json.dumps({"webhookEvent": "installed", "clientKey": TENANT, "sharedSecret": "evil"}).encode()
    assert refusal(channel(), webhook(body)) == "not_a_webhook"


def test_a_library_made_token_of_atlassian_is_believed() -> None:
    assert event(channel(), made(private_key(RSA_KEY), "RS256")).type == "installed"


def test_the_key_of_an_installation_is_fetched_by_its_name() -> None:
    url = f"https://connect-install-keys.atlassian.com/{KEY_ID}"
    http, source = RecordedNetwork({url: public_pem(RSA_KEY)}), channel(public_keys={})
    found = events_of(source, lifecycle(INSTALLED), http)
    assert isinstance(found, list)
    assert [call["url"] for call in http.calls] == [url]
    assert source.claimed_key(webhook(WEBHOOK)) is None
    with pytest.raises(UpstreamUnavailable):
        events_of(source, lifecycle(INSTALLED), RecordedNetwork({url: ""}, 503))


def test_a_tenant_that_is_not_in_settings_is_looked_for_among_the_kept_ones() -> None:
    source = channel(tenants={})
    claim = source.claimed_key(webhook(WEBHOOK))
    assert claim is not None
    assert source.account_claimed(claim) == TENANT
    assert source.account_claimed(KEY_ID) is None
    assert source.verify_with_key(webhook(WEBHOOK), NOW, SECRET.encode()).scheme == "jwt-tenant"
    with pytest.raises(VerificationError):
        source.verify(webhook(WEBHOOK), NOW)


def test_a_kept_secret_proves_no_lifecycle_callback() -> None:
    with pytest.raises(VerificationError):
        channel(tenants={}).verify_with_key(signed(INSTALLED, below="/installed"), NOW, SECRET.encode())


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"", b'{"webhookEvent":5}', b'{"webhookEvent":"a b"}', b'{"a":1,"a":2}']
)
def test_a_body_without_a_type_is_a_payload_error(body: bytes) -> None:
    assert refusal(channel(), webhook(body)) in {"not_a_json_object", "bad_type"}


def test_an_address_with_a_slash_at_its_end_is_the_same() -> None:
    assert event(channel(base_url=BASE + "/"), webhook(WEBHOOK)).type == "jira:issue_created"
