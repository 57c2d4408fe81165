"""The secrets of tenants through the whole pipeline: brought by a signed installation, kept sealed, replaced, taken away, rotated."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import VerificationError
from app.core.states import DispatchState
from app.pipeline.channels import open_channels
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.on_loop import is_quick
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.accounts import accounts_view
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.pipeline.tokens.authorisations import authorisation_route
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.vault import Vault
from app.storage.authorised_accounts import authorised_accounts
from tests.builders import FrozenClock, exchange, run_stored_claim
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.jira_connect.sample import SETTINGS, TENANT, WEBHOOK, signed

FIRST, SECOND = "first-secret-of-the-tenant-0123456789", "second-secret-of-the-tenant-0123456789"
MakeServices = Callable[..., Services]

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    """Return services with a Connect app's channel that has no tenant in its settings."""
    made = services_with(channels="", clock=FrozenClock(NOW))
    config = ChannelConfig(name="open", platform="jira-connect", options=dict(SETTINGS) | {"tenants": {}})
    opened, _ = open_channels([config], platforms.discover())
    exchange(made, channels=opened, authorisations=authorisation_route(made))
    return made


def lifecycle(
    services: Services, kind: str, *, secret: str | None = None, at: int = 0, **claims: Any
) -> None:
    """Have Atlassian tell of an installation or its end, so many seconds from now, and run what follows."""
    body = {"key": "my-app", "clientKey": TENANT, "baseUrl": "https://acme.atlassian.net", "eventType": kind}
    body |= {"sharedSecret": secret} if secret else {}
    own = {"secret": None, "below": f"/{kind}", "iat": SECONDS + at, "exp": SECONDS + at + 180} | claims
    reply = receive(services, "open", signed(json.dumps(body).encode(), **own), trace_id="")
    assert reply.status == 200
    work_off(services)


def work_off(services: Services) -> None:
    states = [run_stored_claim(services, claim).state for claim in claim_work(services, limit=9)]
    assert set(states) <= {DispatchState.SUCCEEDED}


def outcome(services: Services, secret: str) -> str:
    """Return `taken`, or the reason why a webhook with this secret is refused."""
    request = signed(WEBHOOK, secret=secret, headers={"X-Atlassian-Webhook-Identifier": secret[:6]})
    try:
        assert receive(services, "open", request, trace_id="").status == 200
    except VerificationError as refusal:
        return refusal.reason
    return "taken"


def test_a_new_tenants_webhooks_are_taken_once_it_has_installed_the_app(services: Services) -> None:
    assert outcome(services, FIRST) == "unknown_account"
    lifecycle(services, "installed", secret=FIRST)
    assert (outcome(services, FIRST), outcome(services, SECOND)) == ("taken", "bad_signature")


def test_a_new_installation_replaces_the_secret_at_once(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    lifecycle(services, "installed", secret=SECOND, at=5)
    assert (outcome(services, FIRST), outcome(services, SECOND)) == ("bad_signature", "taken")


def test_an_older_installation_that_comes_late_replaces_nothing(services: Services) -> None:
    lifecycle(services, "installed", secret=SECOND, at=5)
    lifecycle(services, "installed", secret=FIRST)
    assert (outcome(services, FIRST), outcome(services, SECOND)) == ("bad_signature", "taken")


def test_a_tenant_that_has_removed_the_app_is_unknown_again(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    lifecycle(services, "uninstalled", at=5)
    assert outcome(services, FIRST) == "unknown_account"
    lifecycle(services, "installed", secret=SECOND, at=10)
    assert (outcome(services, FIRST), outcome(services, SECOND)) == ("bad_signature", "taken")


def test_a_tenant_cannot_replace_its_secret_with_its_own_signature(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    with pytest.raises(VerificationError):
        receive(
            services,
            "open",
            signed(
                json.dumps({"clientKey": TENANT, "sharedSecret": SECOND, "eventType": "installed"}).encode(),
                secret=FIRST,
                below="/installed",
            ),
            trace_id="",
        )
    work_off(services)
    assert (outcome(services, FIRST), outcome(services, SECOND)) == ("taken", "bad_signature")


def test_no_secret_stands_in_clear_in_a_row_or_a_list(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    with services.database.read() as tx:
        (row,) = tx.execute(authorised_accounts.select()).all()
    assert FIRST.encode() not in bytes(row.lasting_token)
    (shown,) = accounts_view(services, "open")
    assert (shown["account"], shown["title"], shown["state"]) == (
        TENANT,
        "https://acme.atlassian.net",
        "valid",
    )
    assert FIRST not in json.dumps(shown)


def test_a_webhook_proven_with_a_kept_secret_is_proven_again(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    assert outcome(services, FIRST) == "taken"
    events = list_events_page(services, {}, cursor=None, limit=9)["items"]
    assert [verify_event(services, item["id"])["verified"] for item in events] == [True, True]


def test_rotating_the_secret_key_seals_the_tenants_secrets_anew(services: Services) -> None:
    lifecycle(services, "installed", secret=FIRST)
    new, old = "new-key-4e9d1c7b5a3f8e2d6c0b9a8f7e6d5c4b", services.settings.secret_key
    exchange(services, vault=Vault([new, *old]))
    assert rewrite_sealed(services) >= 1
    exchange(services, vault=Vault([new]))
    assert outcome(services, FIRST) == "taken"


def test_a_webhook_whose_secret_is_in_the_store_leaves_the_event_loop(services: Services) -> None:
    assert not is_quick(services, "open", signed(WEBHOOK, secret=FIRST))


@pytest.mark.parametrize("tenant", ["x" * 65, "é", "", "a b"])
def test_a_tenant_with_an_odd_name_is_not_looked_up(services: Services, tenant: str) -> None:
    with pytest.raises(VerificationError) as caught:
        receive(services, "open", signed(WEBHOOK, iss=tenant), trace_id="")
    assert caught.value.reason == "unknown_tenant"
