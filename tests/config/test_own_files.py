"""Where a gateway's own files are, and values that are kept in files of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config.channels import load_channels, parse_channels
from app.config.environment import read_environment
from app.config.named_values import MOST_BYTES
from app.config.settings import load_settings
from app.core.errors import ConfigurationError
from tests.builders import SECRET_KEY, environment
from tests.live import ROOT


def faults_of(values: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(values)
    return "\n".join(caught.value.faults)


def test_relative_paths_begin_at_the_home_that_is_named(tmp_path: Path) -> None:
    settings = load_settings(environment(CALLGATE_HOME=str(tmp_path), CHANNELS_FILE="more/channels.toml"))
    assert settings.channels_file == f"{tmp_path}/more/channels.toml"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/callgate.db"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/data/x.db",
        "sqlite:///:memory:",
        "sqlite://",
        "postgresql+psycopg://callgate:pw@database:5432/callgate",
    ],
)
def test_a_database_address_that_is_no_relative_path_stays_as_it_is(tmp_path: Path, url: str) -> None:
    assert load_settings(environment(CALLGATE_HOME=str(tmp_path), DATABASE_URL=url)).database_url == url


def test_without_a_home_paths_begin_at_the_working_directory() -> None:
    settings = load_settings(environment())
    assert (settings.channels_file, settings.database_url) == (
        "channels.toml",
        "sqlite:///var/callgate.db",
    )


def test_a_home_that_is_not_there_is_a_fault_with_its_cure(tmp_path: Path) -> None:
    named = faults_of(environment(CALLGATE_HOME=str(tmp_path / "none")))
    assert "CALLGATE_HOME" in named
    assert "flask init" in named


def test_settings_are_read_from_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SESSION_TTL=61\n")
    monkeypatch.setenv("CALLGATE_HOME", str(tmp_path))
    assert read_environment()["SESSION_TTL"] == "61"


def test_a_home_written_inside_the_home_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CALLGATE_HOME=/elsewhere\n")
    monkeypatch.delenv("CALLGATE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="says where that file is"):
        read_environment()


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    dotenv, channels = tmp_path / ".env", tmp_path / "channels.toml"
    dotenv.write_text("SESSION_TTL=62\n", encoding="utf-8-sig")
    channels.write_text('[channels.a]\nplatform = "callback"\nsecret = "x"\n', encoding="utf-8-sig")
    assert read_environment(dotenv)["SESSION_TTL"] == "62"
    assert [channel.name for channel in load_channels(channels, {}).channels] == ["a"]


def test_settings_that_are_no_text_are_a_fault_that_names_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"SESSION_TTL=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        read_environment(dotenv)


def test_a_missing_channels_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"flask init.*upgrading\.md"):
        load_channels(tmp_path / "channels.toml", {})


def test_a_setting_may_come_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET_KEY}\n")
    values = {"SECRET_KEY_FILE": str(tmp_path / "key")}
    assert load_settings(values).secret_key == (SECRET_KEY,)


def test_a_relative_file_begins_at_the_home(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET_KEY)
    values = {"CALLGATE_HOME": str(tmp_path), "SECRET_KEY_FILE": "key"}
    assert load_settings(values).secret_key == (SECRET_KEY,)


def test_a_variable_of_a_channel_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pem").write_text("-----BEGIN\nline\n-----END\n")
    text = '[channels.a]\nplatform = "callback"\nsecret = "${A_SECRET}"\ntitle = "${TITLE:-none}"\n'
    (channel,) = parse_channels(text, {"A_SECRET_FILE": str(tmp_path / "pem")}).channels
    assert channel.options["secret"] == "-----BEGIN\nline\n-----END"
    assert channel.set_variables == ("A_SECRET",)
    assert channel.title == "none"


def test_a_value_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET_KEY)
    both = "SECRET_KEY and SECRET_KEY_FILE are both set"
    assert both in faults_of(environment(SECRET_KEY_FILE=str(tmp_path / "key")))
    assert load_settings(environment(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "key"))).secret_key


def test_a_file_that_cannot_be_read_is_named_and_nothing_else_is_guessed(tmp_path: Path) -> None:
    named = faults_of({"SECRET_KEY_FILE": str(tmp_path / "none")})
    assert named == f"SECRET_KEY_FILE: {tmp_path / 'none'} cannot be read (FileNotFoundError)."


def test_a_channels_unreadable_file_is_a_fault_and_not_a_disabled_channel(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="A_SECRET_FILE"):
        parse_channels(
            '[channels.a]\nplatform = "callback"\nsecret = "${A_SECRET}"\n',
            {"A_SECRET_FILE": str(tmp_path / "none")},
        )


def test_a_file_larger_than_any_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"x" * (MOST_BYTES + 1))
    assert "is larger than" in faults_of({"SECRET_KEY_FILE": str(tmp_path / "key")})


def test_a_fault_about_a_file_never_shows_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("very-private-token")
    assert "very-private-token" not in faults_of(
        environment(API_TOKENS="", API_TOKENS_FILE=str(tmp_path / "tokens"))
    )


def test_the_program_flask_does_not_carry_a_nearer_dotenv_into_another_home(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    for folder, level in ((here, "ERROR"), (home, "DEBUG")):
        folder.mkdir()
        (folder / ".env").write_text(f"SECRET_KEY={SECRET_KEY}\nLOG_LEVEL={level}\n")
        (folder / "channels.toml").write_text(
            f'[channels.{folder.name}]\nplatform = "callback"\nsecret = "x"\n'
        )
    (home / ".env").write_text((home / ".env").read_text() + "PUBLIC_BASE_URL=https://home.example.com\n")
    (here / ".env").write_text((here / ".env").read_text() + "PUBLIC_BASE_URL=https://here.example.com\n")
    assert "https://home.example.com/webhooks/home" in channels_list(here, CALLGATE_HOME=str(home))
    assert "https://here.example.com/webhooks/here" in channels_list(here)
    real = "https://real.example.com"
    assert f"{real}/webhooks/home" in channels_list(here, CALLGATE_HOME=str(home), PUBLIC_BASE_URL=real)


def channels_list(folder: Path, **env: str) -> str:
    """Return what `flask channels list` prints in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), "channels", "list"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
