"""Tickets and authorised accounts through the gateway: kept sealed, renewed once for all, ended with the authorisation."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import select

from app.core.errors import GrantRejected, TokenRejected, UpstreamUnavailable, VerificationError
from app.core.states import DispatchState
from app.core.values import InboundRequest
from app.pipeline.inbound.on_loop import is_quick
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.tokens.account_tokens import (
    account_health,
    refresh_account_token,
    usable_account_token,
    with_account_token,
)
from app.pipeline.tokens.app_tokens import app_token_health, usable_app_token
from app.pipeline.tokens.authorisations import redeem_code
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.vault import Vault
from app.storage.authorised_accounts import authorised_accounts
from app.storage.database.db import Database
from app.storage.tables import metadata
from sandbox.platforms.wechat_component import authorisations
from tests.builders import SECRET_KEY, FrozenClock, exchange
from tests.platforms.wechat_component.stage import ACCOUNT, CHANNEL, Stage, component_services
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
every_database = pytest.mark.backends("sqlite", "postgresql", "mariadb")


@pytest.fixture
def stage(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Stage]:
    services = component_services(database, clock, sandbox)
    yield Stage(services, sandbox, clock)
    services.inline_pool.shutdown(wait=False)


def everything_stored(stage: Stage) -> str:
    found = []
    with stage.services.database.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                found += [str(bytes(v), "latin-1") if isinstance(v, bytes) else str(v) for v in row]
    return "\n".join(found)


def test_without_a_ticket_the_reason_is_told_and_shown(stage: Stage) -> None:
    with pytest.raises(UpstreamUnavailable, match="No ticket"):
        usable_app_token(stage.services, CHANNEL)
    (health,) = app_token_health(stage.services)
    assert "No ticket" in health["last_error"]


def test_a_ticket_brings_the_platforms_own_token_once(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    tokens = {usable_app_token(stage.services, CHANNEL) for _ in range(3)}
    assert (len(tokens), stage.calls("app_token")) == (1, 1)


@every_database
def test_the_newest_ticket_counts_whatever_the_order(stage: Stage) -> None:
    stage.happen(
        "component_verify_ticket", ComponentVerifyTicket=authorisations.new_ticket(stage.sandbox.state)
    )
    earlier = int(stage.clock.now().timestamp()) - 600
    stage.happen("component_verify_ticket", ComponentVerifyTicket="ticket@@@old", CreateTime=earlier)
    assert usable_app_token(stage.services, CHANNEL)


def test_a_ticket_that_is_over_is_not_used(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    stage.clock.advance(hours=12, seconds=1)
    with pytest.raises(UpstreamUnavailable, match="No ticket"):
        usable_app_token(stage.services, CHANNEL)


def test_a_ticket_of_another_third_party_platform_is_refused(stage: Stage) -> None:
    with pytest.raises(Exception, match="component_app_id"):
        stage.push("component_verify_ticket", AppId="wxanother", ComponentVerifyTicket="t")
    assert stage.work_off() == []


def test_no_ticket_code_or_token_is_stored_in_clear(stage: Stage) -> None:
    state = stage.sandbox.state
    ticket = authorisations.new_ticket(state)
    code, _ = authorisations.new_code(state)
    stage.happen("component_verify_ticket", ComponentVerifyTicket=ticket)
    stage.happen("authorized", AuthorizationCode=code)
    token = usable_account_token(stage.services, CHANNEL, ACCOUNT)
    stored = everything_stored(stage)
    assert not [each for each in (ticket, code, token, "refreshtoken@@@") if each in stored]


def test_an_event_is_shown_with_its_ticket_masked(stage: Stage) -> None:
    stage.happen("component_verify_ticket", ComponentVerifyTicket="ticket@@@secret")
    (item,) = list_events_page(stage.services, {}, cursor=None, limit=5)["items"]
    assert "ticket@@@secret" not in str(event_detail(stage.services, item["id"]))


def test_an_authorisation_is_answered_before_its_code_is_redeemed(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    assert stage.push("authorized").body == b"success"
    assert stage.calls("redeem") == 0
    assert stage.work_off() == [DispatchState.SUCCEEDED]
    row = stage.row()
    assert row is not None
    assert (row.title, row.original_id) == (authorisations.TITLE, authorisations.ORIGINAL_ID)


def test_an_authorisation_without_a_ticket_waits_for_one(stage: Stage) -> None:
    stage.push("authorized")
    assert stage.work_off() == [DispatchState.RETRYING]
    stage.happen("component_verify_ticket")
    stage.clock.advance(seconds=30)
    assert stage.work_off() == [DispatchState.SUCCEEDED]
    assert usable_account_token(stage.services, CHANNEL, ACCOUNT)


def test_a_code_that_the_browser_brought_first_is_not_redeemed_again(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    code, _ = authorisations.new_code(stage.sandbox.state)
    assert redeem_code(stage.services, CHANNEL, code) == ACCOUNT
    stage.happen("authorized", AuthorizationCode=code)
    assert redeem_code(stage.services, CHANNEL, code) == ACCOUNT
    assert stage.calls("redeem") == 1


def test_a_dead_code_becomes_a_dead_letter_after_few_tries(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    stage.push("authorized", AuthorizationCode="queryauthcode@@@dead")
    ends = []
    for _ in range(3):
        ends += stage.work_off()
        stage.clock.advance(minutes=2)
    assert ends == [DispatchState.RETRYING, DispatchState.RETRYING, DispatchState.DEAD]
    assert stage.row() is None


def test_an_accounts_token_is_kept_until_shortly_before_its_end(stage: Stage) -> None:
    stage.authorise()
    first = usable_account_token(stage.services, CHANNEL, ACCOUNT)
    stage.clock.advance(seconds=7200 - 601)
    assert usable_account_token(stage.services, CHANNEL, ACCOUNT) == first
    stage.clock.advance(seconds=2)
    assert usable_account_token(stage.services, CHANNEL, ACCOUNT) != first
    assert stage.calls("account_token") == 1


def test_the_refresh_token_that_came_last_is_the_one_that_is_sent(stage: Stage) -> None:
    stage.authorise()
    for _ in range(3):
        refresh_account_token(stage.services, CHANNEL, ACCOUNT)
    assert stage.calls("account_token") == 3


@every_database
def test_many_callers_renew_an_account_once(stage: Stage) -> None:
    stage.authorise()
    stage.clock.advance(hours=2)
    stage.happen("component_verify_ticket")
    with ThreadPoolExecutor(8) as threads:
        tokens = threads.map(lambda _: usable_account_token(stage.services, CHANNEL, ACCOUNT), range(8))
        assert len(set(tokens)) == 1
    assert stage.calls("account_token") == 1


def test_a_platform_that_is_down_does_not_take_a_token_that_works(stage: Stage) -> None:
    stage.authorise()
    first = usable_account_token(stage.services, CHANNEL, ACCOUNT)
    stage.clock.advance(seconds=7200 - 300)
    stage.happen("component_verify_ticket")
    stage.sandbox.state.faults.add("wechat_component.account_token", "status", status=500)
    assert usable_account_token(stage.services, CHANNEL, ACCOUNT) == first
    (seen,) = account_health(stage.services, CHANNEL)
    assert seen["state"] == "failing"


def test_a_refused_token_is_renewed_and_the_call_repeated_once(stage: Stage) -> None:
    stage.authorise()
    first = usable_account_token(stage.services, CHANNEL, ACCOUNT)
    stage.clock.advance(minutes=5)

    def call(token: str) -> str:
        if token == first:
            raise TokenRejected
        return token

    assert with_account_token(stage.services, CHANNEL, ACCOUNT, call) != first
    assert stage.calls("account_token") == 1


def test_a_young_token_that_is_refused_is_not_renewed(stage: Stage) -> None:
    stage.authorise()

    def call(_token: str) -> str:
        raise TokenRejected

    with pytest.raises(TokenRejected):
        with_account_token(stage.services, CHANNEL, ACCOUNT, call)
    assert stage.calls("account_token") == 0


def test_a_withdrawal_ends_the_tokens_at_once(stage: Stage) -> None:
    stage.authorise()
    stage.clock.advance(seconds=1)
    stage.happen("unauthorized")
    row = stage.row()
    assert row is not None
    assert (row.access_token, row.lasting_token) == (None, None)
    with pytest.raises(GrantRejected):
        usable_account_token(stage.services, CHANNEL, ACCOUNT)
    assert [each["state"] for each in account_health(stage.services, CHANNEL)] == ["ended"]


@every_database
def test_an_account_may_authorise_again_and_a_late_withdrawal_changes_nothing(stage: Stage) -> None:
    stage.authorise()
    ended = int(stage.clock.now().timestamp()) + 10
    stage.clock.advance(seconds=20)
    stage.happen("authorized")
    stage.happen("unauthorized", CreateTime=ended)
    row = stage.row()
    assert row is not None
    assert row.lasting_token is not None


@every_database
def test_an_authorisation_from_before_the_withdrawal_is_not_taken(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    before = int(stage.clock.now().timestamp())
    stage.clock.advance(seconds=10)
    stage.happen("unauthorized")
    stage.happen("authorized", CreateTime=before)
    row = stage.row()
    assert row is not None
    assert row.lasting_token is None


def test_an_account_whose_refresh_token_is_dead_must_authorise_again(stage: Stage) -> None:
    stage.authorise()
    authorisations.withdraw(stage.sandbox.state)
    stage.clock.advance(hours=2)
    stage.happen("component_verify_ticket")
    for _ in range(2):
        with pytest.raises(GrantRejected):
            usable_account_token(stage.services, CHANNEL, ACCOUNT)
    assert stage.calls("account_token") == 1
    assert "authorise" in account_health(stage.services, CHANNEL)[0]["last_error"]


def test_an_account_nobody_knows_has_no_token(stage: Stage) -> None:
    with pytest.raises(GrantRejected):
        usable_account_token(stage.services, CHANNEL, "wxunknown")


def test_a_message_of_one_account_is_refused_at_the_address_of_another(stage: Stage) -> None:
    stage.authorise()
    assert stage.push("message.text").body == b"success"
    with pytest.raises(VerificationError) as caught:
        stage.push("message.text", ToUserName="gh_another")
    assert caught.value.reason == "wrong_account"
    assert authorisations.ORIGINAL_ID in caught.value.explain()


def test_a_message_of_an_account_nobody_knows_is_taken(stage: Stage) -> None:
    assert stage.push("message.text", account="wxearlier", ToUserName="gh_earlier").body == b"success"


def test_an_account_is_looked_up_once_and_soon_again_where_nobody_knew_it(stage: Stage) -> None:
    account, now = stage.services.runtime.accounts, stage.clock.now()
    stage.push("message.text")
    assert account.kept == {(CHANNEL, ACCOUNT): (None, now + timedelta(seconds=10))}
    stage.authorise()
    stage.clock.advance(seconds=10)
    stage.push("message.text")
    assert account.kept[CHANNEL, ACCOUNT][0] == authorisations.ORIGINAL_ID


def test_a_message_is_judged_on_the_loop_once_its_account_is_known(stage: Stage) -> None:
    request = InboundRequest(
        "POST", f"/webhooks/{CHANNEL}/{ACCOUNT}", "", (), b"", "203.0.113.9", received_at=stage.clock.now()
    )
    assert not is_quick(stage.services, CHANNEL, request)
    assert is_quick(stage.services, CHANNEL, request._replace(path=f"/webhooks/{CHANNEL}"))
    stage.push("message.text")
    assert is_quick(stage.services, CHANNEL, request)


@every_database
def test_accounts_outlive_a_new_secret_key(stage: Stage) -> None:
    stage.authorise()
    new = "7d1f0c9b8a7e6d5c4b3a29180f1e2d3c4b5a6978"
    exchange(stage.services, vault=Vault([new, SECRET_KEY]))
    assert rewrite_sealed(stage.services) == 2
    exchange(stage.services, vault=Vault([new]))
    assert usable_account_token(stage.services, CHANNEL, ACCOUNT)


def test_a_token_moved_to_another_accounts_row_does_not_open(stage: Stage) -> None:
    stage.authorise()
    with stage.services.database.begin() as tx:
        tx.execute(authorised_accounts.update().values(account="wxother"))
    with pytest.raises(Exception, match="does not belong"):
        refresh_account_token(stage.services, CHANNEL, "wxother")


def test_the_page_for_owners_leads_back_with_a_code(stage: Stage) -> None:
    stage.happen("component_verify_ticket")
    token, http = usable_app_token(stage.services, CHANNEL), stage.channel.http
    page = stage.source.authorisation_page("http://localhost:5003/back?a=1", token, http)  # type: ignore[attr-defined]
    answer = requests.get(page, allow_redirects=False, timeout=20)
    back = urlsplit(answer.headers["Location"])
    assert (answer.status_code, back.path) == (302, "/back")
    given = dict(parse_qsl(back.query))
    assert given["a"] == "1"
    assert redeem_code(stage.services, CHANNEL, given["auth_code"]) == ACCOUNT
