"""Links for owners of accounts: only whoever holds one gets to the platform's page, and the way back redeems its code once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from app.cli.tokens import tokens_group
from app.core.errors import RefusedError, RequestError
from app.factory import create_app
from app.pipeline.channels import Channels
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_health
from app.pipeline.tokens.authorisation_links import check_link, make_link
from tests.binding.fakes import Scannable, channel
from tests.builders import FrozenClock, exchange
from tests.tokens.accounts import CHANNEL, House

pytestmark = pytest.mark.backends("sqlite")
API = {"Authorization": "Bearer ops-token-4d1f8a2b"}
BROWSER = {"Accept": "text/html"}
NO_ACCOUNT = "No account has authorised this channel.\n"


@pytest.fixture
def house(services: Services) -> Services:
    """Return services with a channel that accounts authorise, and one like it under another name."""
    channels = (channel(CHANNEL, House()), channel("other", House()), channel("shop", Scannable()))
    exchange(services, channels=Channels(channels))
    return services


def path_of(services: Services, name: str = CHANNEL, **lasts: float) -> str:
    link = make_link(services, name, timedelta(**(lasts or {"days": 1})))
    return urlsplit(link.url).path


def get(services: Services, path: str, **headers: str) -> Any:
    return create_app(services=services).test_client().get(path, headers=BROWSER | headers)


def test_the_page_leads_to_the_platform_and_names_its_host_alone(house: Services) -> None:
    path = path_of(house)
    answer = get(house, path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "https://house.example/authorise?own=own-token" in text
    assert f"{path}/return" in text
    assert answer.headers["Referrer-Policy"] == "origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_way_back_redeems_the_code_and_leaves_it_behind(house: Services) -> None:
    path = path_of(house)
    answer = get(house, f"{path}/return?auth_code=secret-code&expires_in=600")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/done")
    assert [each["account"] for each in account_health(house, CHANNEL)] == ["wx1"]
    assert get(house, f"{path}/done").status_code == 200


def test_a_dead_code_is_told_and_not_repeated_on_the_page(house: Services) -> None:
    answer = get(house, f"{path_of(house)}/return?auth_code=dead")
    assert answer.status_code == 400
    assert "auth_code" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("code", ["", "a b", "%E4%BB%A4", "x" * 1025])
def test_a_code_has_a_usual_form(house: Services, code: str) -> None:
    assert get(house, f"{path_of(house)}/return?auth_code={code}").status_code == 400


def test_a_link_ends(house: Services, clock: FrozenClock) -> None:
    path = path_of(house, minutes=5)
    clock.advance(minutes=5)
    for address in (path, f"{path}/return?auth_code=c", f"{path}/done"):
        assert get(house, address).status_code == 404
    assert account_health(house, CHANNEL) == []


def test_a_link_is_of_one_channel_and_cannot_be_altered(house: Services) -> None:
    key = path_of(house).rpartition("/")[2]
    ends, _, mark = key.partition("-")
    later = str(int(ends) + 86_400)
    for name, given in (("other", key), (CHANNEL, f"{later}-{mark}"), (CHANNEL, f"{ends}-{'0' * 64}")):
        with pytest.raises(RefusedError):
            check_link(house, name, given)
    assert check_link(house, CHANNEL, key)


@pytest.mark.parametrize("key", ["", "x", "1-2", "9" * 10 + "-" + "g" * 64, "9" * 5000, "令牌"])
def test_odd_keys_lead_nowhere(house: Services, key: str) -> None:
    with pytest.raises(RefusedError):
        check_link(house, CHANNEL, key)


def test_a_page_is_not_opened_by_a_frame_or_a_prefetch(house: Services) -> None:
    assert get(house, path_of(house), **{"Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_a_link_is_not_opened_without_end(house: Services) -> None:
    path = path_of(house)
    client = create_app(services=house).test_client()
    answers = [client.get(path, headers=BROWSER).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize("lasts", [timedelta(seconds=299), timedelta(days=31)])
def test_a_link_lasts_for_minutes_or_days(house: Services, lasts: timedelta) -> None:
    with pytest.raises(RequestError):
        make_link(house, CHANNEL, lasts)


def test_a_channel_that_nobody_authorises_has_no_links(house: Services) -> None:
    with pytest.raises(RefusedError):
        make_link(house, "shop")


def test_links_and_accounts_are_behind_a_token(house: Services) -> None:
    client: Any = create_app(services=house).test_client()
    address = f"/api/v1/authorisations/{CHANNEL}"
    assert client.post(address).status_code == client.get(address).status_code == 401
    made = client.post(address, json={"ttl": 600}, headers=API)
    assert made.status_code == 201
    assert get(house, urlsplit(made.json["url"]).path).status_code == 200
    assert client.get(address, headers=API).json == {"items": []}


@pytest.mark.parametrize("body", [{"ttl": "x"}, {"ttl": True}, {"ttl": 10**12}, {"a": 1}])
def test_what_a_link_is_asked_for_with_is_checked(house: Services, body: dict[str, Any]) -> None:
    client: Any = create_app(services=house).test_client()
    assert client.post(f"/api/v1/authorisations/{CHANNEL}", json=body, headers=API).status_code == 400


def test_the_terminal_prints_links_and_accounts(house: Services) -> None:
    run = CliRunner()
    made = run.invoke(tokens_group(house), ["authorise", CHANNEL, "--days", "1"])
    path = urlsplit(made.output.strip()).path
    assert get(house, f"{path}/return?auth_code=c").status_code == 303
    listed = run.invoke(tokens_group(house), ["accounts", CHANNEL])
    assert listed.output.startswith("wx1")
    assert "valid" in listed.output
    assert "access-1" not in listed.output
    assert "wx1 has a fresh token." in run.invoke(tokens_group(house), ["refresh", CHANNEL, "wx1"]).output
    unknown = run.invoke(tokens_group(house), ["refresh", CHANNEL, "wx2"])
    assert unknown.exit_code == 1
    assert "does not authorise" in unknown.output
    assert run.invoke(tokens_group(house), ["accounts", "other"]).output == NO_ACCOUNT
