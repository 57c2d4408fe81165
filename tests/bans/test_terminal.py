"""`flask bans`: who is kept out, and letting one in again, which is audited."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from app.cli.bans import bans_group
from app.pipeline.services import Services
from app.storage.audit import list_audit
from tests.bans.stage import ENV, refuse_often
from tests.builders import FrozenClock


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(env=ENV)


def bans(services: Services, *words: str) -> Result:
    return CliRunner().invoke(bans_group(services), words)


@pytest.mark.backends("sqlite")
def test_nobody_banned_is_said(services: Services) -> None:
    assert bans(services, "list").output == "No address is banned.\n"
    assert json.loads(bans(services, "list", "--json").output) == []


def test_the_list_says_who_until_when_and_why(services: Services, clock: FrozenClock) -> None:
    refuse_often(services, "2001:db8:0:1::9")
    assert bans(services, "list").output.split() == [
        "2001:db8:0:1::/64", "until", "2026-11-20", "12:01:00", "UTC", "bad_signature,", "ban", "1",
    ]  # fmt: skip
    (item,) = json.loads(bans(services, "list", "--json").output)
    assert item == {
        "address": "2001:db8:0:1::/64",
        "reason": "bad_signature",
        "times": 1,
        "began_at": "2026-11-20T12:00:00.000Z",
        "ends_at": "2026-11-20T12:01:00.000Z",
    }
    clock.advance(seconds=60)
    assert json.loads(bans(services, "list", "--json").output) == []


@pytest.mark.parametrize("written", ["2001:db8:0:1::9", "2001:db8:0:1::/64", "2001:DB8:0:1::77"])
def test_a_lift_lets_in_again_and_is_audited(services: Services, written: str) -> None:
    refuse_often(services, "2001:db8:0:1::9")
    result = bans(services, "lift", written)
    assert result.output.endswith("2001:db8:0:1::/64 is let in again, by every process within 3 seconds.\n")
    assert bans(services, "list").output == "No address is banned.\n"
    with services.database.read() as tx:
        (entry,) = list_audit(tx, before=None, limit=9)
    assert (entry.actor, entry.action, entry.target) == ("terminal", "ban.lifted", "2001:db8:0:1::/64")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("written", "sentence"), [("203.0.113.9", "203.0.113.9 is not banned."), ("everybody", "is no address")]
)
def test_what_cannot_be_lifted_is_said_and_not_audited(
    services: Services, written: str, sentence: str
) -> None:
    result = bans(services, "lift", written)
    assert result.exit_code == 1
    assert sentence in result.output
    with services.database.read() as tx:
        assert list(list_audit(tx, before=None, limit=9)) == []
