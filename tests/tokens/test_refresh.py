"""Tokens that are used: refreshed in time, once, by whoever asks, and never brought back from the dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.errors import GrantRejected, TokenRejected, UpstreamUnavailable
from app.core.values import Identity, TokenSet
from app.pipeline.login.session_keys import rotate_signing_key
from app.pipeline.services import Services
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.pipeline.upkeep.housekeeping import tidy
from app.storage.database.db import Database
from app.storage.database.fetch_leases import FetchLease
from app.storage.login.connections import connections, find_connection, give_up_refresh, take_refresh_lease
from app.storage.login.flows import flows
from app.storage.login.identities import StoredIdentity, list_identities
from app.storage.login.sessions import sessions
from app.storage.login.signing_keys import signing_keys
from tests.databases import POOL_SIZE
from tests.login.in_memory import CodeBrowser, InMemoryGateway

ON_SQLITE = pytest.mark.backends("sqlite")


def use(services: Services) -> str:
    """Use the tokens of the newest identity and return the access token that was used."""
    return call_with_tokens(services, newest(services), lambda tokens, _: tokens.access_token)


def newest(services: Services) -> StoredIdentity:
    with services.database.read() as tx:
        return list_identities(tx, before=None, limit=1)[0]


@pytest.fixture
def browser(gateway: InMemoryGateway) -> CodeBrowser:
    """A browser that is logged in with tokens of 7200 seconds."""
    opened = gateway.browser()
    opened.log_in()
    return opened


def rejecting(times: int) -> Callable[[TokenSet], None]:
    """Reject the token that many times."""
    left = [times]

    def check(_: TokenSet) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise TokenRejected

    return check


@ON_SQLITE
@pytest.mark.parametrize(("passed", "refreshes"), [(7200 - 301, 0), (7200 - 300, 0), (7200 - 299, 1)])
def test_tokens_are_refreshed_300_seconds_before_their_end(gateway, browser, passed, refreshes):
    gateway.clock.advance(seconds=passed)
    use(gateway.services)
    assert len(gateway.fake.refreshed) == refreshes


@pytest.mark.parametrize("forced", [False, True])
def test_fifty_callers_in_two_processes_refresh_once(
    gateway: InMemoryGateway, browser: CodeBrowser, forced: bool
):
    """Two Database objects share nothing but the store, as two processes do."""
    url = gateway.services.database.engine.url.render_as_string(hide_password=False)
    second = replace(gateway.services, database=Database(url, pool_size=POOL_SIZE))
    if not forced:
        gateway.clock.advance(seconds=7000)
    gateway.fake.on_refresh = lambda _: time.sleep(0.3)
    used, faults = [], []

    def call(tokens: TokenSet, _: object) -> str:
        if tokens.access_token == "access-c1":
            raise TokenRejected
        return tokens.access_token

    def run(services: Services) -> None:
        try:
            used.append(call_with_tokens(services, newest(services), call))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=((gateway.services, second)[n % 2],)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.database.close()
    assert not faults
    assert gateway.fake.refreshed == ["refresh-c1"]
    assert used == ["access-r1"] * 50


def test_who_waited_for_a_failed_refresh_goes_on_with_the_old_token(
    gateway: InMemoryGateway, browser: CodeBrowser
):
    def fail(_: TokenSet) -> None:
        time.sleep(0.3)
        raise UpstreamUnavailable("down")

    gateway.clock.advance(seconds=7000)
    gateway.fake.on_refresh = fail
    together = threading.Barrier(10)

    def use_together(_: int) -> str:
        together.wait(10)
        return use(gateway.services)

    with ThreadPoolExecutor(10) as threads:
        used = list(threads.map(use_together, range(10)))
    assert used == ["access-c1"] * 10
    assert gateway.fake.refreshed == ["refresh-c1"], "the failure is everybody's: nobody asks again"


def test_the_lease_is_not_had_on_what_was_seen_before_a_failure(
    gateway: InMemoryGateway, browser: CodeBrowser
):
    identity, now = newest(gateway.services), gateway.clock.now()
    until = now + timedelta(seconds=30)
    failing, hasty = FetchLease("failing", 1), FetchLease("hasty", 1)
    with gateway.services.database.begin() as tx:
        seen = find_connection(tx, identity.id)
        assert seen is not None
        assert take_refresh_lease(tx, seen, failing, now=now, until=until)
        give_up_refresh(tx, identity.id, failing, refresh_after=until)
        assert not take_refresh_lease(tx, seen, hasty, now=now, until=until)
        again = find_connection(tx, identity.id)
        assert again is not None
        assert take_refresh_lease(tx, again, hasty, now=now, until=until)


def test_a_late_holder_does_not_overwrite_newer_tokens(gateway: InMemoryGateway, browser: CodeBrowser):
    gateway.clock.advance(seconds=7000)
    services = gateway.services
    entered, go_on = threading.Event(), threading.Event()

    def slow_once(_: TokenSet) -> TokenSet | None:
        if len(gateway.fake.refreshed) == 1:
            entered.set()
            assert go_on.wait(10)
            return TokenSet("access-late", 7200, "refresh-late")
        return None

    gateway.fake.on_refresh = slow_once
    late: list[str] = []
    holder = threading.Thread(target=lambda: late.append(use(services)))
    holder.start()
    assert entered.wait(10)
    gateway.clock.advance(seconds=31)
    assert use(services) == "access-r2"
    go_on.set()
    holder.join()
    assert late == ["access-r2"]
    assert use(services) == "access-r2"


@pytest.mark.parametrize("how", ["logout", "unlink"])
def test_a_refresh_does_not_bring_deleted_tokens_back(
    gateway: InMemoryGateway, browser: CodeBrowser, how: str
):
    gateway.fake.lifetime = 7200
    browser.finish(browser.start_link(), channel="other")
    services = gateway.services
    mine = browser.me()["identities"][0]["id"]
    gateway.clock.advance(seconds=600)
    browser.me()

    def leave(_: TokenSet) -> None:
        path = "/oauth/logout" if how == "logout" else f"/api/v1/me/identities/{mine}/unlink"
        assert browser.post_proven(path).status_code == 204

    gateway.fake.on_refresh = leave
    with services.database.read() as tx:
        identity = next(each for each in list_identities(tx, before=None, limit=9) if each.id == mine)
    calls = rejecting(1)
    with pytest.raises(GrantRejected):
        call_with_tokens(services, identity, lambda tokens, _: calls(tokens))
    with services.database.read() as tx:
        assert find_connection(tx, mine) is None
    assert "access-r1" in gateway.fake.revoked


@ON_SQLITE
class TestRefreshAnswers:
    def test_what_is_left_out_stays(self, gateway: InMemoryGateway, browser: CodeBrowser):
        gateway.fake.on_refresh = lambda _: TokenSet("access-new", scope="profile")
        gateway.clock.advance(seconds=7000)
        assert use(gateway.services) == "access-new"
        seen = call_with_tokens(gateway.services, newest(gateway.services), lambda tokens, _: tokens)
        assert (seen.refresh_token, seen.scope, seen.expires_in) == ("refresh-c1", "profile", 3600)

    @pytest.mark.parametrize("lifetime", [0, -5, 1, 30])
    def test_tiny_lifetimes_do_not_refresh_for_ever(
        self, gateway: InMemoryGateway, browser: CodeBrowser, lifetime: int
    ):
        gateway.fake.on_refresh = lambda _: TokenSet("access-new", lifetime, "refresh-new")
        gateway.clock.advance(seconds=7000)
        for _ in range(5):
            use(gateway.services)
        assert len(gateway.fake.refreshed) == 1

    def test_a_huge_lifetime_is_clamped(self, gateway: InMemoryGateway, browser: CodeBrowser):
        gateway.fake.on_refresh = lambda _: TokenSet("access-new", 10**12)
        gateway.clock.advance(seconds=7000)
        assert use(gateway.services) == "access-new"

    def test_a_dead_grant_asks_for_a_new_login_and_is_not_asked_again(
        self, gateway: InMemoryGateway, browser: CodeBrowser
    ):
        def reject(_: TokenSet) -> None:
            raise GrantRejected

        gateway.fake.on_refresh = reject
        gateway.clock.advance(seconds=600)
        browser.me()
        gateway.fake.on_identity = rejecting(9)
        for _ in range(3):
            answer = browser.get("/api/v1/me?fresh=1")
            assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
        assert len(gateway.fake.refreshed) == 1
        gateway.fake.on_identity = lambda _: None
        browser.log_in("c2")
        assert browser.get("/api/v1/me?fresh=1").status_code == 200

    def test_a_platform_that_is_down_keeps_the_old_token_and_is_left_alone(
        self, gateway: InMemoryGateway, browser: CodeBrowser
    ):
        def fail(_: TokenSet) -> None:
            raise UpstreamUnavailable("down")

        gateway.fake.on_refresh = fail
        gateway.clock.advance(seconds=7000)
        assert use(gateway.services) == "access-c1"
        assert use(gateway.services) == "access-c1"
        assert len(gateway.fake.refreshed) == 1
        gateway.clock.advance(seconds=201)
        with pytest.raises(UpstreamUnavailable):
            use(gateway.services)
        gateway.fake.on_refresh = lambda _: None
        gateway.clock.advance(seconds=400)
        assert use(gateway.services).startswith("access-r")

    def test_tokens_without_a_refresh_token_are_used_until_they_end(
        self, gateway: InMemoryGateway, browser: CodeBrowser
    ):
        with gateway.services.database.begin() as tx:
            tx.execute(connections.update().values(refresh_token=None))
        gateway.clock.advance(seconds=7000)
        assert use(gateway.services) == "access-c1"
        gateway.clock.advance(seconds=201)
        with pytest.raises(GrantRejected):
            use(gateway.services)


@ON_SQLITE
class TestAskingThePlatform:
    def test_one_rejection_is_refreshed_and_tried_again(self, gateway: InMemoryGateway, browser: CodeBrowser):
        gateway.fake.on_identity = rejecting(1)
        gateway.fake.person = Identity("fake:1", "user_id", "u1", "Ada Lovelace", profile={"balance": 10**30})
        answer = browser.get("/api/v1/me?fresh=1").get_json()
        assert answer["identity"]["name"] == "Ada Lovelace"
        assert answer["identity"]["profile"] == {"balance": 10**30}
        assert len(gateway.fake.refreshed) == 1
        assert browser.me()["identity"]["name"] == "Ada Lovelace"

    def test_a_second_rejection_is_final(self, gateway: InMemoryGateway, browser: CodeBrowser):
        asked: list[str] = []

        def reject(tokens: TokenSet) -> None:
            asked.append(tokens.access_token)
            raise TokenRejected

        gateway.fake.on_identity = reject
        answer = browser.get("/api/v1/me?fresh=1")
        assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
        assert asked == ["access-c1", "access-r1"]

    def test_another_person_in_the_answer_is_refused(self, gateway: InMemoryGateway, browser: CodeBrowser):
        gateway.fake.person = Identity("fake:1", "user_id", "u2")
        assert browser.get("/api/v1/me?fresh=1").status_code == 502
        gateway.fake.person = None
        assert browser.me()["identity"]["subject"] == "u1"

    def test_topping_up_refreshes_too(self, gateway: InMemoryGateway, browser: CodeBrowser):
        gateway.fake.on_identity = rejecting(1)
        answer = browser.post_proven("/api/v1/me/topup")
        assert answer.get_json() == {"topup_url": "https://fake.example/topup"}

    def test_refreshing_one_account_leaves_the_other_alone(
        self, gateway: InMemoryGateway, browser: CodeBrowser
    ):
        browser.finish(browser.start_link(), channel="other")
        gateway.fake.on_identity = rejecting(1)
        browser.me("/api/v1/me?fresh=1")
        with gateway.services.database.read() as tx:
            versions = list(
                tx.execute(select(connections.c.version).order_by(connections.c.identity_id)).scalars()
            )
        assert versions == [2, 1]


@ON_SQLITE
def test_what_is_over_is_forgotten(gateway: InMemoryGateway, browser: CodeBrowser):
    browser.start()
    rotate_signing_key(gateway.services)
    gateway.clock.advance(seconds=604_801)
    tidy(gateway.services)
    with gateway.services.database.read() as tx:
        left = [
            len(tx.execute(select(table)).all()) for table in (flows, sessions, signing_keys, connections)
        ]
    assert left == [0, 0, 1, 1]
