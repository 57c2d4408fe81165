"""`flask events replay` and `flask dead-letters`: the same replay from a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from app.cli.dead_letters import dead_letters_group
from app.cli.events import events_group
from app.core.errors import PermanentError
from app.pipeline.services import Services
from tests.operators.stage import Crm, accept, audited, away, dead_event, run_due

pytestmark = pytest.mark.backends("sqlite")
REASON = ("--reason", "crm is back")


@pytest.fixture
def crm() -> Crm:
    return away()


@pytest.fixture
def services(services_with: Callable[..., Services], crm: Crm) -> Services:
    return services_with(router=crm.router())


def events(services: Services, *words: str) -> Result:
    return CliRunner().invoke(events_group(services), words)


def dead_letters(services: Services, *words: str) -> Result:
    return CliRunner().invoke(dead_letters_group(services), words)


def test_an_event_is_replayed_by_its_id(services: Services, crm: Crm) -> None:
    event_id = dead_event(services)
    crm.error = None
    result = events(services, "replay", event_id, *REASON)
    assert result.exit_code == 0
    assert result.output.endswith("1 events, 1 dispatches are due again.\n")
    run_due(services)
    assert crm.seen == ["evt_1"]
    assert audited(services)[0].actor == "terminal"


def test_a_dry_run_names_what_it_found(services: Services) -> None:
    event_id = dead_event(services)
    result = events(services, "replay", "--channel", "callback", "--dry-run")
    assert result.output == f"1 events would be replayed.\n{event_id}\n"
    assert audited(services) == []


def test_events_of_another_state_can_be_meant(services: Services, crm: Crm) -> None:
    crm.error = None
    accept(services)
    run_due(services)
    assert "1 events" in events(services, "replay", "--state", "succeeded", *REASON).output
    assert "0 events" in events(services, "replay", "--all", *REASON).output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((*REASON,), "Name one event, or give filters, or --all."),
        (("abc", "--all", *REASON), "Name one event, or give filters, or --all."),
        (("abc", *REASON), "There is no event with this id."),
        (("--all",), "reason must say why"),
        (("--all", "--rate", "0", *REASON), "rate must be"),
        (("--all", "--limit", "0", *REASON), "limit must be"),
        (("--since", "soon", *REASON), "since must be"),
    ],
)
def test_what_is_wrong_is_said(services: Services, words: tuple[str, ...], sentence: str) -> None:
    result = events(services, "replay", *words)
    assert result.exit_code != 0
    assert sentence in result.output


def test_dead_letters_are_listed_with_their_last_error(services: Services) -> None:
    assert dead_letters(services, "list").output == "No dead letters.\n"
    event_id = dead_event(services)
    output = dead_letters(services, "list").output
    assert event_id in output
    assert "crm: dead since 2026-11-20T12:00:00.000Z after 1 attempts" in output
    assert "the crm is away" in output
    assert dead_letters(services, "list", "--channel", "other").output == "No dead letters.\n"


def test_a_dead_letter_is_shown_whole(services: Services, crm: Crm) -> None:
    event_id = dead_event(services)
    shown = json.loads(dead_letters(services, "show", event_id).output)
    assert shown["dispatches"][0]["attempts"][0]["error"].endswith("the crm is away")
    crm.error = None
    other = accept(services, "evt_2")
    run_due(services)
    assert dead_letters(services, "show", other).exit_code == 1


def test_dead_letters_are_replayed(services: Services, crm: Crm) -> None:
    dead_event(services)
    crm.error = None
    assert "1 events, 1 dispatches" in dead_letters(services, "replay", "--all", *REASON).output
    run_due(services)
    assert dead_letters(services, "list").output == "No dead letters.\n"


def test_what_an_error_quotes_does_not_steer_the_terminal(services: Services, crm: Crm) -> None:
    crm.error = PermanentError("no such order \x1b]0;title\x07\n01a0 forged \u202e")
    event_id = dead_event(services)
    listed = dead_letters(services, "list").output
    assert [line for line in listed.split("\n") if not line.isprintable()] == []
    shown = dead_letters(services, "show", event_id).output
    assert "\u202e" not in shown
    assert "forged \u202e" in json.loads(shown)["dispatches"][0]["attempts"][0]["error"]
