"""What docs/deployment.md and docs/operations.md tell to type is right, and what they show is what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from app.cli.database import database_group
from app.config.settings import Settings
from app.pipeline.services import Services
from app.storage.database import schema
from tests.architecture.source import ROOT
from tests.databases import copy_of
from tests.docs.pages import page, spans
from tests.ops.kubernetes import of_kind
from tests.upkeep.filled import fill

PAGES = ("docs/deployment.md", "docs/deployment.zh-CN.md", "docs/operations.md", "docs/operations.zh-CN.md")
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"(?<![\w/.-])(ops/[\w./-]+)")
NUMBER = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-zA-Z_-]{43}\b|\d{8}T\d{6}Z|\d+")
OTHER_PROGRAMS = {
    "COMPOSE_PROFILES",
    "PYTHON_IMAGE",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "CALLGATE_HOME",
}
OF_CHANNELS = {"WECHAT_APP_SECRET_FILE"}


def blocks(name: str, kind: str = "") -> list[str]:
    return [text for each, text in BLOCK.findall(page(name)) if not kind or each == kind]


@cache
def compose() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_each_block_is_a_shell_script(name: str) -> None:
    assert blocks(name)
    for block in blocks(name, "sh"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


@pytest.mark.parametrize("name", PAGES[::2])
def test_both_languages_tell_the_same_to_type(name: str) -> None:
    assert blocks(name) == blocks(name.replace(".md", ".zh-CN.md"))


@pytest.mark.parametrize("name", PAGES)
def test_files_services_and_settings_that_are_named_are_there(name: str) -> None:
    text = page(name)
    assert [each for each in PLACE.findall(text) if not (ROOT / each).exists()] == []
    for line in re.findall(r"docker compose [^\n`]*", text):
        named = re.search(r"(?:run --rm|exec -T|--force-recreate) ([a-z ]+?)(?: flask| pg_dump|$|`)", line)
        assert named is None or set(named[1].split()) <= compose().keys(), line
    deployments = {each["metadata"]["name"] for each in of_kind("Deployment")}
    assert set(re.findall(r"deployment/([a-z]+)", text)) <= deployments
    settings = {field.upper() for field in Settings.model_fields} | OTHER_PROGRAMS | OF_CHANNELS
    assigned = {found[0] for span in spans(text) if (found := re.findall(r"^([A-Z][A-Z_]{4,})(?:=|$)", span))}
    assert assigned <= settings


@pytest.mark.parametrize("profile", re.findall(r"`COMPOSE_PROFILES=([a-z]+)`", page(PAGES[0])))
def test_profiles_that_are_named_are_there(profile: str) -> None:
    profiles = [each.get("profiles", []) for each in compose().values() if isinstance(each, dict)]
    assert any(profile in each for each in profiles)


def test_the_lines_for_passwords_make_files_that_containers_can_read(tmp_path: Path) -> None:
    """Docker is played by a script that answers with a password; nothing else of the block is changed."""
    (tmp_path / "docker").write_text("#!/bin/sh\necho pass-$$\n", encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"umask 077\n{blocks(PAGES[0], 'sh')[0]}"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PWD": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    secrets = sorted((tmp_path / "secrets").iterdir())
    assert [path.name for path in secrets] == ["broker_password", "database_password"]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o644}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert len({path.read_text(encoding="utf-8") for path in secrets}) == 2


@pytest.fixture
def printed(
    services_with: Callable[..., Services], database_url: str, sqlite_template: Path, tmp_path: Path
) -> list[str]:
    """Return what the commands of operations.md print, for other rows and other places."""
    services = services_with(env={"DATABASE_URL": database_url})
    fill(services.database, rows=1)
    new = copy_of(sqlite_template, tmp_path)
    group = database_group(services)
    lines: list[str] = []
    backup = str(tmp_path / "monday.db")
    # This test has the database open itself.
    services.database.close()
    for typed in (
        ["backup", backup],
        ["copy", new, "--dry-run"],
        ["copy", new, "--yes"],
        ["restore", backup, "--yes"],
        ["downgrade", schema.revisions()[-2]],
        ["current"],
        ["upgrade"],
    ):
        lines += CliRunner().invoke(group, typed).output.splitlines()
        services.database.close()
    return lines


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("name", PAGES[2:])
def test_what_operations_shows_is_what_commands_print(name: str, printed: list[str]) -> None:
    shown = [line for block in blocks(name, "console") for line in block.splitlines()]
    outputs = [
        line
        for line in shown
        if line != "…"
        and not line.startswith(("$", "Error:", "  pg_dump"))
        and "sealed" not in line
        and "Sessions" not in line
    ]
    known = {_without_numbers(line) for line in printed}
    assert len(outputs) > 30
    assert [line for line in outputs if _without_numbers(line) not in known] == []


def _without_numbers(line: str) -> str:
    """Return a line without what is another one each time."""
    line = re.sub(r"\S*/(?=callgate\.db|monday\.db)", "", line)
    return re.sub(r"\s+", " ", NUMBER.sub("#", line))
