"""Tickets and authorised companies through the gateway, and the address checks of the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from app.core.accounts import AuthorisationPages
from app.core.errors import GrantRejected, TokenRejected, UpstreamUnavailable
from app.core.states import DispatchState
from app.core.values import InboundRequest, Reply
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_health, usable_account_token, with_account_token
from app.pipeline.tokens.app_tokens import usable_app_token
from app.pipeline.tokens.authorisations import redeem_code
from app.storage.database.db import Database
from sandbox.people import PEOPLE
from sandbox.platforms.wecom_suite import SIMULATED, companies
from sandbox.simulated import Moment, Order
from tests.builders import FrozenClock, make_services, run_stored_claim
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
CHANNEL, COMPANY = "suite", companies.COMPANY
CALLBACKS = SIMULATED.callbacks
assert CALLBACKS is not None
KINDS = [sample.type for sample in CALLBACKS.samples if sample.type != "url_verification"]


@dataclass
class Stage:
    """One process of a gateway and the simulated WeCom."""

    services: Services
    sandbox: SandboxServer
    clock: FrozenClock

    def push(self, kind: str, **fields: Any) -> Reply:
        assert CALLBACKS is not None
        (sample,) = [each for each in CALLBACKS.samples if each.type == kind]
        body = sample.build(Moment(self.sandbox.settings, PEOPLE[0], self.clock.now().timestamp())) | fields
        order = Order(CHANNEL, kind, "wecom-suite")
        outgoing = CALLBACKS.sign(self.sandbox.state, order, body, CALLBACKS.path(order))
        path, _, query = outgoing.path.partition("?")
        head = tuple(outgoing.headers.items())
        request = InboundRequest(
            outgoing.method, path, query, head, outgoing.body, "203.0.113.9", received_at=self.clock.now()
        )
        return receive(self.services, CHANNEL, request, trace_id="t")

    def work_off(self) -> list[DispatchState]:
        claims = claim_work(self.services, limit=50)
        return [run_stored_claim(self.services, claim).state for claim in claims]

    def happen(self, kind: str, **fields: Any) -> None:
        assert self.push(kind, **fields).body == b"success"
        assert set(self.work_off()) <= {DispatchState.SUCCEEDED}

    def calls(self, endpoint: str) -> int:
        return len(self.sandbox.state.calls(f"wecom_suite.{endpoint}"))


@pytest.fixture
def stage(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Stage]:
    yield from opened(database, clock, sandbox)


@pytest.fixture
def template(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Stage]:
    """The same with a template of customised applications."""
    sandbox.state.switches["wecom_suite_customised"] = True
    yield from opened(database, clock, sandbox, "customised = true")


def opened(database: Database, clock: FrozenClock, sandbox: SandboxServer, more: str = "") -> Iterator[Stage]:
    own, base = sandbox.settings, f"{sandbox.url}/wecom_suite"
    channels = f"""
[channels.{CHANNEL}]
platform = "wecom-suite"
suite_id = "{own["WECOM_SUITE_ID"]}"
suite_secret = "{own["WECOM_SUITE_SECRET"]}"
provider_corp_id = "{own["WECOM_SUITE_PROVIDER_CORP_ID"]}"
token = "{own["WECOM_SUITE_TOKEN"]}"
encoding_aes_key = "{own["WECOM_SUITE_ENCODING_AES_KEY"]}"
api_base = "{base}"
install_base = "{base}"
{more}
"""
    services = make_services(database, clock=clock, channels=channels)
    yield Stage(services, sandbox, clock)
    services.inline_pool.shutdown(wait=False)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_simulator_pushes_is_taken(stage: Stage, kind: str) -> None:
    assert stage.push(kind).status == 200


def test_the_simulators_check_of_the_address_is_answered(stage: Stage) -> None:
    assert stage.push("url_verification", echostr="4711").body == b"4711"


def test_a_ticket_is_good_for_half_an_hour(stage: Stage) -> None:
    with pytest.raises(UpstreamUnavailable, match="No ticket"):
        usable_app_token(stage.services, CHANNEL)
    stage.happen("suite_ticket")
    assert usable_app_token(stage.services, CHANNEL)
    stage.clock.advance(hours=2)
    with pytest.raises(UpstreamUnavailable, match="No ticket"):
        usable_app_token(stage.services, CHANNEL)


def test_a_company_that_authorises_is_known_by_the_answer_to_its_code(stage: Stage) -> None:
    stage.happen("suite_ticket")
    assert stage.push("create_auth").body == b"success"
    assert stage.calls("redeem") == 0
    assert stage.work_off() == [DispatchState.SUCCEEDED]
    (seen,) = account_health(stage.services, CHANNEL)
    assert (seen["account"], seen["title"], seen["state"]) == (COMPANY, companies.TITLE, "valid")


def test_a_companys_token_is_renewed_by_its_permanent_code(stage: Stage) -> None:
    stage.happen("suite_ticket")
    stage.happen("create_auth")
    first = usable_account_token(stage.services, CHANNEL, COMPANY)
    stage.clock.advance(hours=2)
    stage.sandbox.state.advance(7300)
    stage.happen("suite_ticket")
    assert usable_account_token(stage.services, CHANNEL, COMPANY) != first
    assert stage.calls("account_token") == 1


def test_a_company_that_ends_its_authorisation_has_no_token(stage: Stage) -> None:
    stage.happen("suite_ticket")
    stage.happen("create_auth")
    stage.clock.advance(seconds=1)
    stage.happen("cancel_auth")
    with pytest.raises(GrantRejected):
        usable_account_token(stage.services, CHANNEL, COMPANY)


def test_a_stale_token_of_the_suite_is_replaced_and_the_code_is_not_lost(stage: Stage) -> None:
    stage.happen("suite_ticket")
    usable_app_token(stage.services, CHANNEL)
    for token in stage.sandbox.state.app_tokens["wecom_suite"]:
        token.revoked = True
    stage.happen("create_auth")
    assert stage.calls("app_token") == 2


def test_a_refused_token_of_a_company_is_asked_for_once_more(stage: Stage) -> None:
    stage.happen("suite_ticket")
    stage.happen("create_auth")
    stage.clock.advance(minutes=5)

    def call(_token: str) -> str:
        raise TokenRejected

    with pytest.raises(TokenRejected):
        with_account_token(stage.services, CHANNEL, COMPANY, call)
    assert stage.calls("account_token") == 1


def test_a_customised_applications_token_is_fetched_with_the_permanent_code(template: Stage) -> None:
    template.happen("suite_ticket")
    template.happen("create_auth")
    assert usable_account_token(template.services, CHANNEL, COMPANY)
    assert (template.calls("application_token"), template.calls("account_token")) == (1, 0)


def test_a_customised_application_that_gets_a_new_secret_goes_on(template: Stage) -> None:
    template.happen("suite_ticket")
    template.happen("create_auth")
    first = usable_account_token(template.services, CHANNEL, COMPANY)
    template.clock.advance(hours=2)
    template.sandbox.state.advance(7300)
    template.happen("suite_ticket")
    template.happen("reset_permanent_code")
    assert usable_account_token(template.services, CHANNEL, COMPANY) != first


def test_a_secret_that_was_replaced_elsewhere_ends_the_authorisation(template: Stage) -> None:
    template.happen("suite_ticket")
    template.happen("create_auth")
    companies.withdraw(template.sandbox.state)
    with pytest.raises(GrantRejected, match="Secret"):
        usable_account_token(template.services, CHANNEL, COMPANY)


def test_a_template_has_no_page_of_its_own_for_administrators(template: Stage) -> None:
    found = template.services.channels.get(CHANNEL)
    assert found is not None
    assert not isinstance(found.connector, AuthorisationPages)


def test_the_page_for_administrators_leads_back_with_a_code(stage: Stage) -> None:
    stage.happen("suite_ticket")
    found = stage.services.channels.get(CHANNEL)
    assert found is not None
    assert isinstance(found.connector, AuthorisationPages)
    token = usable_app_token(stage.services, CHANNEL)
    page = found.connector.authorisation_page("http://localhost:5003/back", token, found.http)
    answer = requests.get(page, allow_redirects=False, timeout=20)
    given = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert redeem_code(stage.services, CHANNEL, given["auth_code"]) == COMPANY
