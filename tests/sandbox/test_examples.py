"""The example files hold what the simulated platforms say, and `make example-files` writes them so."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sandbox.examples import environment_block, main, write_channels, write_environment
from sandbox.platforms import simulated_platforms

ROOT = Path(__file__).parents[2]
ENVIRONMENT = (ROOT / ".env.example").read_text("utf-8")
CHANNELS = (ROOT / "channels.example.toml").read_text("utf-8")
COMMAND = "run `make example-files`"


def test_the_environment_file_is_what_the_folders_say() -> None:
    assert write_environment(ENVIRONMENT) == ENVIRONMENT, COMMAND


def test_the_channels_file_is_what_the_folders_say() -> None:
    assert write_channels(CHANNELS) == CHANNELS, COMMAND


def test_every_simulated_platform_has_its_table() -> None:
    tables = tomllib.loads(CHANNELS)["channels"]
    for platform in simulated_platforms():
        assert tables[platform.channel.name]["platform"] == platform.slug
        assert tables[platform.channel.name]["title"] == platform.channel.title


def test_every_variable_of_a_table_is_known_to_the_simulator() -> None:
    for platform in simulated_platforms():
        known = {each.variable for each in platform.credentials}
        known |= {each.variable for each in platform.addresses}
        for value in platform.channel.options.values():
            if isinstance(value, str) and value.startswith("${"):
                assert value[2:].partition("}")[0].partition(":-")[0] in known


def test_what_is_written_by_hand_stays() -> None:
    changed = CHANNELS.replace("# ${NAME} is taken", "# By hand: ${NAME} is taken").replace(
        'title = "', 'title = "Old '
    )
    assert write_channels(changed) == CHANNELS.replace("# ${NAME} is taken", "# By hand: ${NAME} is taken")


def test_a_file_without_its_marks_is_refused_instead_of_spoilt() -> None:
    with pytest.raises(ValueError, match="no line"):
        write_environment("SECRET_KEY=\n")
    with pytest.raises(ValueError, match="no line"):
        write_channels("# nothing\n")


def test_the_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env.example").write_text("SECRET_KEY=\n\n# ---- The simulator's credentials\nOLD=1\n")
    (tmp_path / "channels.example.toml").write_text(CHANNELS.replace("${", "$"))
    monkeypatch.chdir(tmp_path)
    main()
    assert (tmp_path / ".env.example").read_text("utf-8") == "SECRET_KEY=\n\n" + environment_block()
    assert (tmp_path / "channels.example.toml").read_text("utf-8").count("[channels.") == len(
        simulated_platforms()
    )
