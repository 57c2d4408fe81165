"""A refusal that no fresh token cures: forced refreshes get rare, for all processes together, and operators see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from click.testing import CliRunner

from app.cli.tokens import tokens_group
from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.values import TokenSet
from app.pipeline.operators.bindings import tokens_view
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import refresh_app_token, usable_app_token, with_app_token
from app.pipeline.tokens.refusals import LONGEST_WAIT, Refusals
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.storage.database.db import Database
from app.storage.login.identities import StoredIdentity, list_identities
from tests.binding.fakes import DOWN, Scannable, binding_services
from tests.builders import NOW, FrozenClock
from tests.login.in_memory import CodeBrowser, InMemoryGateway

WECHAT_ALLOWS_A_DAY = 20


def refuse(_token: str) -> str:
    raise TokenRejected("The platform no longer accepts this token.", platform_code="40001")


def call_refused(services: Services) -> TokenRejected:
    with pytest.raises(TokenRejected) as caught:
        with_app_token(services, "shop", refuse)
    return caught.value


def forced(shop: Scannable) -> int:
    """Count the fetches that were made because a token was refused."""
    return sum(rejected is not None for rejected in shop.rejected)


@pytest.fixture
def elsewhere(binding: Services, database_url: str) -> Iterator[Services]:
    """The same channels in another process: nothing is shared but the store."""
    database = Database(database_url)
    yield binding_services(database, *binding.channels, clock=binding.clock)
    database.close()


def test_a_refusal_that_lasts_is_cured_once_whoever_asks(
    binding: Services, elsewhere: Services, shop: Scannable
) -> None:
    for number in range(30):
        error = call_refused((binding, elsewhere)[number % 2])
        assert error.platform_code == "40001"
    assert forced(shop) == 1
    assert "A fresh app token was refused too, since 2026-11-20T12:00:00.000Z" in error.message
    assert "after 2026-11-20T12:01:00.000Z" in error.message


def test_the_next_cures_wait_longer_and_longer(
    binding: Services, elsewhere: Services, shop: Scannable, clock: FrozenClock
) -> None:
    waits, last = [], clock.now()
    call_refused(binding)
    for number in range(40):
        clock.advance(seconds=30)
        before = forced(shop)
        call_refused((elsewhere, binding)[number % 2])
        if forced(shop) > before:
            waits.append((clock.now() - last).total_seconds() / 60)
            last = clock.now()
    assert waits == [1, 2, 4, 8]


@pytest.mark.backends("sqlite")
def test_a_day_of_refusals_stays_below_what_wechat_allows(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    for _ in range(24 * 30):
        call_refused(binding)
        with_app_token(binding, "shop", lambda token: token)
        clock.advance(minutes=2)
    assert 12 < forced(shop) <= WECHAT_ALLOWS_A_DAY


def test_a_cure_that_helps_is_made_at_once_the_next_time_too(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    call_refused(binding)
    clock.advance(minutes=1)
    bad = usable_app_token(binding, "shop")

    def stale(token: str) -> str:
        return refuse(token) if token == bad else token

    assert with_app_token(binding, "shop", stale) == "token-3"
    bad = "token-3"
    assert with_app_token(binding, "shop", stale) == "token-4"
    assert tokens_view(binding)[0]["state"] == "valid"


def test_while_a_cure_waits_other_calls_go_on_with_the_token(binding: Services, shop: Scannable) -> None:
    call_refused(binding)
    assert with_app_token(binding, "shop", lambda token: token) == "token-2"
    call_refused(binding)
    assert shop.fetches == 2


def test_a_cure_that_cannot_be_had_waits_too(binding: Services, shop: Scannable, clock: FrozenClock) -> None:
    usable_app_token(binding, "shop")
    shop.fail = UpstreamError("platform_refused", "The quota of the day is used up.", platform_code="45009")
    for _ in range(5):
        with pytest.raises(UpstreamError):
            with_app_token(binding, "shop", refuse)
        shop.fail = None
        usable_app_token(binding, "shop")
        shop.fail = DOWN
    assert forced(shop) == 1
    clock.advance(minutes=1)
    with pytest.raises(UpstreamUnavailable):
        with_app_token(binding, "shop", refuse)
    assert forced(shop) == 2


def test_an_operators_refresh_ends_the_wait(binding: Services, shop: Scannable) -> None:
    call_refused(binding)
    refresh_app_token(binding, "shop")
    call_refused(binding)
    assert forced(shop) == 2


@pytest.mark.backends("sqlite")
def test_the_terminal_says_since_when_and_until_when(binding: Services, clock: FrozenClock) -> None:
    call_refused(binding)
    clock.advance(minutes=1)
    call_refused(binding)
    output = CliRunner().invoke(tokens_group(binding), ["list"]).output
    assert "shop                refused" in output
    assert "refused since 2026-11-20T12:00:00.000Z, a fresh token too; " in output
    assert "next forced refresh at 2026-11-20T12:03:00.000Z" in output
    clock.advance(hours=2, minutes=3)
    assert "refused" not in CliRunner().invoke(tokens_group(binding), ["list"]).output


@pytest.mark.backends("sqlite")
def test_the_api_says_it_too(binding: Services) -> None:
    call_refused(binding)
    (item,) = tokens_view(binding)
    assert (item["state"], item["refused_since"], item["next_forced_refresh_at"]) == (
        "refused",
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T12:01:00.000Z",
    )


def test_waits_double_up_to_a_longest_and_are_forgotten_after_it() -> None:
    refusals, now, waits = Refusals(), NOW, []
    for _ in range(12):
        refusals = refusals.another(now)
        assert refusals.force_after is not None
        waits.append((refusals.force_after - now).total_seconds() / 60)
        now = refusals.force_after
    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120]
    assert refusals.another(now + LONGEST_WAIT - timedelta(seconds=1)).count == 13
    assert refusals.another(now + LONGEST_WAIT).count == 1


# ------------------------------------------------------------------ tokens of people


@pytest.fixture
def browser(gateway: InMemoryGateway) -> CodeBrowser:
    """A browser that is logged in with tokens of 7200 seconds."""
    opened = gateway.browser()
    opened.log_in()
    return opened


def person(services: Services) -> StoredIdentity:
    with services.database.read() as tx:
        return list_identities(tx, before=None, limit=1)[0]


def use(services: Services, check: Callable[[str], object]) -> str:
    def call(tokens: TokenSet, _http: object) -> str:
        check(tokens.access_token)
        return tokens.access_token

    return call_with_tokens(services, person(services), call)


def refusing(stale: str) -> Callable[[str], object]:
    return lambda token: refuse(token) if token == stale else token


def test_a_person_whose_fresh_tokens_are_refused_costs_few_refreshes(
    gateway: InMemoryGateway, browser: CodeBrowser
) -> None:
    for _ in range(30):
        with pytest.raises(GrantRejected):
            use(gateway.services, refuse)
    assert len(gateway.fake.refreshed) == 1
    for minutes in (1, 2, 4):
        gateway.clock.advance(minutes=minutes)
        for _ in range(3):
            with suppress(GrantRejected):
                use(gateway.services, refuse)
    assert len(gateway.fake.refreshed) == 4


def test_tokens_of_a_person_that_a_refresh_cures_are_cured_at_once_again(
    gateway: InMemoryGateway, browser: CodeBrowser
) -> None:
    with pytest.raises(GrantRejected):
        use(gateway.services, refuse)
    gateway.clock.advance(minutes=1)
    for number in (2, 3):
        stale = use(gateway.services, lambda token: token)
        assert use(gateway.services, refusing(stale)) == f"access-r{number}"


@pytest.mark.backends("sqlite")
def test_a_new_login_ends_the_wait(gateway: InMemoryGateway, browser: CodeBrowser) -> None:
    with pytest.raises(GrantRejected):
        use(gateway.services, refuse)
    browser.log_in("c2")
    assert (
        use(gateway.services, lambda token: refuse(token) if token == "access-c2" else token) == "access-r2"
    )
