"""Long work says how far it has come, and says it where it does no harm: on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from app.cli import progress as module
from app.cli.dead_letters import dead_letters_group
from app.cli.progress import CLEAR_LINE, Progress
from app.cli.prune import prune_command
from app.pipeline.services import Services
from tests.operators.stage import away, dead_event

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell after every step, as if each took long."""
    monkeypatch.setattr(module, "LOG_SECONDS", 0.0)


def test_a_replay_of_many_tells_how_many(services_with: Callable[..., Services], always: None) -> None:
    services = services_with(router=away().router())
    dead_event(services)
    result = CliRunner().invoke(dead_letters_group(services), ["replay", "--all", "--reason", "crm is back"])
    assert result.exit_code == 0, result.output
    assert "Events made due: 1 so far, 0 s" in result.stderr
    assert "so far" not in result.stdout


def test_pruning_tells_how_many(services: Services, always: None) -> None:
    result = CliRunner().invoke(prune_command(services))
    assert result.exit_code == 0
    assert "so far" not in result.stdout


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Rows") as progress:
        for count in range(1000):
            progress(count)
    assert capsys.readouterr().err == ""


def test_in_a_terminal_the_line_is_written_over_and_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(module, "TERMINAL_SECONDS", 0.0)
    with Progress("Rows") as progress:
        progress(7)
    assert capsys.readouterr().err == f"{CLEAR_LINE}Rows: 7 so far, 0 s{CLEAR_LINE}"
