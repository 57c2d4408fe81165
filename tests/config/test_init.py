"""`flask init` and `make run` write the own files from examples: quickly, without a configuration, over nothing."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.groups import COMMANDS, make_command
from app.cli.init import init_command
from app.cli.own_files import write_for_development, write_for_production
from app.config.environment import read_environment
from app.factory import build_services
from app.handlers.loading import load_handlers
from sandbox.platforms import simulated_platforms
from tests.live import ROOT

HEAVY = ("app.factory", "sqlalchemy", "pydantic", "granian", "cryptography")


def init(*words: str) -> Result:
    return CliRunner().invoke(init_command, [*words])


def flask(
    folder: Path, *words: str, python: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the program `flask` in a folder, with nothing set but what the test sets."""
    return subprocess.run(
        [sys.executable, *python, "-m", "flask", "--app", str(ROOT / "wsgi.py"), *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_becomes_a_gateway_that_starts(tmp_path: Path) -> None:
    done = flask(tmp_path, "init")
    assert done.returncode == 0, done.stderr
    assert sorted(contents(tmp_path)) == [".env", "channels.toml", "handlers/mine.py"]
    assert f"Next: flask --app {ROOT}/wsgi.py db upgrade" in done.stdout
    following = flask(tmp_path, "db", "upgrade")
    assert following.returncode == 0, following.stderr
    assert (tmp_path / "var" / "callgate.db").is_file()


def test_it_imports_next_to_nothing(tmp_path: Path) -> None:
    done = flask(tmp_path, "init", python=("-X", "importtime"))
    assert done.returncode == 0
    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
    assert "flask" in imported
    assert [name for name in HEAVY if name in imported] == []


def test_other_commands_name_what_is_missing_and_end(tmp_path: Path) -> None:
    done = flask(tmp_path, "channels", "list")
    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_there_before_a_configuration_is(tmp_path: Path) -> None:
    done = flask(tmp_path, "--help")
    assert done.returncode == 0
    assert re.search(r"^  init  +Write the own files", done.stdout, re.MULTILINE)
    assert re.search(r"^  events  +Stored events\.$", done.stdout, re.MULTILINE)
    assert done.stderr == ""


def test_help_says_of_each_command_what_the_command_says_of_itself(tmp_path: Path) -> None:
    write_for_development(tmp_path)
    services = build_services({**read_environment(tmp_path / ".env"), "CALLGATE_HOME": str(tmp_path)})
    commands = [make_command(name, services) for name in COMMANDS]
    assert {command.name: command.get_short_help_str(200) for command in commands} == {
        name: place.help for name, place in COMMANDS.items()
    }


def test_an_existing_file_is_kept_and_said_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\n")
    (tmp_path / "handlers").mkdir()
    printed = init(str(tmp_path)).output
    assert contents(tmp_path)[".env"] == "# mine\n"
    assert f"kept   {tmp_path}/.env" in printed
    assert f"wrote  {tmp_path}/channels.toml" in printed
    assert f"kept   {tmp_path}/handlers" in printed


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    init(str(tmp_path))
    before = contents(tmp_path)
    again = init(str(tmp_path), "--dev")
    assert contents(tmp_path) == before
    assert "wrote" not in again.output


def test_a_link_that_leads_nowhere_is_kept(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").symlink_to(tmp_path / "elsewhere.toml")
    init(str(tmp_path))
    assert not (tmp_path / "elsewhere.toml").exists()


def test_secrets_are_fresh_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    write_for_production(tmp_path / "a")
    write_for_production(tmp_path / "b")
    one, other = (read_environment(tmp_path / name / ".env") for name in ("a", "b"))
    assert len(one["SECRET_KEY"]) == 64
    for name in ("SECRET_KEY", "API_TOKENS", "ADMIN_PASSWORD"):
        assert one[name] != other[name]
    assert stat.S_IMODE((tmp_path / "a" / ".env").stat().st_mode) == 0o600


def test_production_gets_no_account_and_no_handler_of_the_simulators(tmp_path: Path) -> None:
    write_for_production(tmp_path)
    settings = read_environment(tmp_path / ".env")
    assert "sandbox-" not in (tmp_path / ".env").read_text()
    assert "# FEISHU_APP_ID=" in (tmp_path / ".env").read_text()
    loaded = load_handlers(tmp_path / "handlers")
    assert (loaded.router.routes, loaded.notices) == ([], ())
    started = build_services({**settings, "CALLGATE_HOME": str(tmp_path)})
    assert list(started.channels) == []
    assert len(started.channels.disabled) == len(simulated_platforms())
    started.database.close()


def test_the_starters_lines_work_once_the_marks_are_taken_off(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "starter" / "mine.py").read_text()
    head, _, commented = text.partition("PermanentError, Postponed.\n")
    code = head.replace("import Router", "import Context, Event, Router")
    code += "\n" + "\n".join(line.removeprefix("#").removeprefix(" ") for line in commented.splitlines())
    (tmp_path / "mine.py").write_text(code)
    routes = load_handlers(tmp_path).router.routes
    assert [route.name for route in routes] == [
        "handlers.mine.welcome",
        "handlers.mine.paid",
        "handlers.mine.authorized",
    ]


def test_development_has_every_channel_and_the_example_handlers(tmp_path: Path) -> None:
    write_for_development(tmp_path)
    settings = read_environment(tmp_path / ".env")
    started = build_services({**settings, "CALLGATE_HOME": str(tmp_path)})
    assert len(list(started.channels)) == len(simulated_platforms())
    assert started.router.find("handlers.examples.note_feishu")
    started.database.close()


def test_an_example_that_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    write_for_development(tmp_path)
    (tmp_path / "handlers" / "examples.py").unlink()
    write_for_development(tmp_path)
    assert list((tmp_path / "handlers").iterdir()) == []


def test_the_home_is_where_files_go_when_no_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLGATE_HOME", str(tmp_path / "home"))
    printed = init().output
    assert (tmp_path / "home" / ".env").is_file()
    assert f"CALLGATE_HOME={tmp_path}/home flask" in printed


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = init(str(tmp_path / "file" / "home"))
    assert done.exit_code == 1
    assert "cannot be written: Not a directory" in done.output


def test_none_of_the_own_files_is_tracked() -> None:
    for name in (
        ".env",
        "channels.toml",
        "handlers/mine.py",
        "var/callgate.db",
        "sources/x.toml",
        "templates/x.md",
    ):
        ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
        assert ignored.returncode == 0, name
