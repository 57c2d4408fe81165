"""All lists of the terminal take --json, --since and --limit; found by walking through every command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest
from click.testing import CliRunner

from app.cli.channels import channels_group
from app.cli.events import events_group
from app.cli.groups import every_command, make_command
from app.cli.lists import Since
from app.core.clock import SystemClock
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from tests.builders import envelope, signed_callback

pytestmark = pytest.mark.backends("sqlite")
KEEPING = (
    '[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\nunknown_events = "store"\n'
)


def lists(named: Iterator[tuple[str, click.Command]]) -> dict[tuple[str, ...], click.Command]:
    found: dict[tuple[str, ...], click.Command] = {}
    for name, command in named:
        if isinstance(command, click.Group):
            below = lists(iter(command.commands.items()))
            found |= {(name, *words): each for words, each in below.items()}
        elif name == "list":
            found[(name,)] = command
    return found


LISTS = sorted(lists(every_command()))


def test_there_are_lists() -> None:
    assert {("events", "list"), ("channels", "list"), ("bans", "list")} <= set(LISTS)


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_each_list_is_printed_as_json_cut_and_by_time(services: Services, words: tuple[str, ...]) -> None:
    command = make_command(words[0], services)
    result = CliRunner().invoke(command, [*words[1:], "--json", "--since", "7d", "--limit", "1"])
    assert result.exit_code == 0, result.output
    items = json.loads(result.stdout)
    assert isinstance(items, list)
    assert len(items) <= 1


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_each_list_is_printed_for_people(services: Services, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(make_command(words[0], services), [*words[1:], "--limit", "3"])
    assert result.exit_code == 0, result.output
    assert result.output.strip()


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_time_may_be_said_as_how_long_ago(text: str, ago: timedelta) -> None:
    moment = Since().convert(text, None, None)
    assert abs(datetime.now(UTC) - ago - moment) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["", "7w", "h", "-3h", "９d", "9999999999999d", "yesterday"])
def test_what_is_no_time_is_refused_with_examples(services: Services, text: str) -> None:
    result = CliRunner().invoke(events_group(services), ["list", f"--since={text}"])
    assert result.exit_code == 2
    assert "write 30m, 2h, 7d or a time" in result.output


def test_since_leaves_out_what_came_before(services_with: Callable[..., Services]) -> None:
    services = services_with(channels=KEEPING, clock=SystemClock())
    receive(services, "callback", signed_callback(envelope(), received_at=datetime.now(UTC)), trace_id="t")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    def listed(group: click.Group, since: str) -> int:
        return len(json.loads(CliRunner().invoke(group, ["list", "--json", "--since", since]).output))

    for group in (events_group(services), channels_group(services)):
        assert (listed(group, "1h"), listed(group, later)) == (1, 0)
