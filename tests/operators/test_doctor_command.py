"""`flask doctor` in a terminal: lines for people, JSON for programs, and its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from app.pipeline.operators.doctor.finding import NAMES, Finding
from app.web.languages import install_languages
from tests.builders import environment
from tests.cli.typed import Typed, flask
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
CALLBACK = '[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\n'


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    """Return own files of a gateway in good order."""
    (tmp_path / "channels.toml").write_text(CALLBACK, encoding="utf-8")
    values = environment(
        DATABASE_URL=f"sqlite:///{sqlite_template}",
        PUBLIC_BASE_URL=f"http://localhost:{free_port()}",
        LEAST_FREE_DISK_MB="0",
    )
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return tmp_path


def doctor(home: Path, *words: str, **env: str) -> Typed:
    return flask(home, "doctor", *words, env=env)


def test_a_gateway_in_good_order_exits_with_nothing_wrong(home: Path) -> None:
    result = doctor(home, "--offline")
    assert result.exit_code == 0, result.output
    assert "ok    database" in result.output
    assert "callback: channel" in result.output
    assert result.stdout.splitlines()[-1].startswith("Nothing is wrong")


def test_http_in_prod_is_found_although_nothing_starts(home: Path) -> None:
    result = doctor(home, APP_ENV="prod")
    assert result.exit_code == 1
    assert "WRONG configuration" in result.output
    assert "PUBLIC_BASE_URL is not https" in result.output


def test_without_own_files_it_is_said_how_to_get_them(tmp_path: Path) -> None:
    result = doctor(tmp_path)
    assert result.exit_code == 1
    assert "There is no .env in this folder: `flask init` writes one" in result.output


def test_a_tunnel_as_the_address_of_prod_is_found(home: Path) -> None:
    result = doctor(home, APP_ENV="prod", PUBLIC_BASE_URL="https://abc123xyz.ngrok-free.dev")
    assert "is a tunnel (ngrok)" in result.output
    assert result.exit_code == 1


def test_json_is_one_object_a_line(home: Path) -> None:
    result = doctor(home, "--json", "--offline", DATABASE_URL="sqlite:////proc/callgate/none.db")
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"name": "disk", "state": "wrong"}.items() <= next(
        finding for finding in findings if finding["name"] == "disk"
    ).items()
    assert result.exit_code == 1


def test_all_shows_each_finding_of_a_channel(home: Path) -> None:
    assert "callback: signed_time" not in doctor(home, "--offline").output
    assert "callback: signed_time" in doctor(home, "--offline", "--all").output


@pytest.mark.parametrize("page", ["docs/troubleshooting.md", "docs/troubleshooting.zh-CN.md"])
def test_every_finding_has_a_section_and_every_section_of_one_is_a_finding(page: str) -> None:
    titles = re.findall(r"^### (\w+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(titles) == sorted(NAMES)


def test_every_name_that_the_code_gives_is_listed() -> None:
    files = (ROOT / "app" / "pipeline" / "operators" / "doctor").glob("*.py")
    given = {
        name
        for file in files
        for name in re.findall(
            r'(?:Finding\(|_found\(facts,|for name in \(|, )\s*"([a-z_]+)",', file.read_text(encoding="utf-8")
        )
    }
    assert set(NAMES) <= given | {"proxies"}


def test_a_finding_is_told_in_the_readers_language_with_its_values() -> None:
    finding = Finding("port", "ok", "This gateway answers on port %(port)s.", values={"port": 5003})
    app = Flask("tests")
    install_languages(app)
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        assert finding.told(gettext) == "本网关在端口 5003 上应答。"
    assert finding.told() == "This gateway answers on port 5003."
