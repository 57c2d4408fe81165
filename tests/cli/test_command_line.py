"""The terminal as a whole: help, what was meant, completion, secrets. Shells are the real ones."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.command_line import EVERY
from app.cli.completion import completion_command
from app.cli.groups import every_command, make_command
from app.cli.help import SECTIONS, asks_for_help, help_text, meant
from app.cli.secret import secret_command
from app.wire.standard_webhooks import standard_webhook_key
from app.wire.wechat_family.crypto import ENCODING_AES_KEY
from tests.cli.typed import ROOT, flask
from tests.programs import run_program


def test_help_is_ours_alone_and_grouped(tmp_path: Path) -> None:
    done = flask(tmp_path, "--help")
    titles = re.findall(r"^(\S.*):$", done.stdout, re.MULTILINE)
    assert done.exit_code == 0, done.output
    assert titles == list(SECTIONS)
    assert not re.search(r"^  (run|shell|routes|limiter) ", done.stdout, re.MULTILINE)
    bare = run_program(
        ["flask"], folder=ROOT, environment={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    )
    assert bare.stdout == done.stdout


def test_every_command_has_a_section_of_the_help() -> None:
    assert EVERY.keys() - {name for names in SECTIONS.values() for name in names} == set()


def test_a_command_without_a_section_is_shown_last() -> None:
    text = help_text({"serve": "Serve.", "odd": "Odd one."})
    assert text.rstrip().endswith("More:\n  odd    Odd one.")


@pytest.mark.parametrize(
    ("words", "is_asked"),
    [
        ([], True), (["--help"], True), (["--app", "wsgi.py", "--help"], True), (["-A", "wsgi.py"], True),
        (["channels", "--help"], False), (["--app", "wsgi.py", "channels"], False), (["--version"], False),
        (["--debug", "run"], False),
    ],
)  # fmt: skip
def test_our_help_is_for_whoever_named_no_command(words: list[str], is_asked: bool) -> None:
    assert asks_for_help(words) is is_asked


def test_an_unknown_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = flask(tmp_path, "chanels", "list")
    assert done.exit_code == 2
    assert "There is no command 'chanels'. Do you mean channels?" in done.output
    assert meant("xyzzy", EVERY) == ""


def test_an_unknown_command_of_a_group_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(make_command("channels", None), ["chek"])
    assert result.exit_code == 2
    assert "There is no command 'chek'. Do you mean check?" in result.output


def test_without_a_configuration_it_is_said_what_to_do(tmp_path: Path) -> None:
    done = flask(tmp_path, "channels", "list")
    assert done.exit_code == 1
    assert f"There is no .env in {tmp_path}. `flask init` writes one there" in done.output


def test_the_help_of_each_command_needs_no_configuration(tmp_path: Path) -> None:
    done = flask(tmp_path, "events", "replay", "--help")
    assert done.exit_code == 0
    assert "--reason" in done.stdout


def test_every_command_and_option_has_a_sentence() -> None:
    silent = []

    def look(words: str, command: click.Command) -> None:
        if not command.help:
            silent.append(words)
        silent.extend(
            f"{words} {param.opts[0]}"
            for param in command.params
            if isinstance(param, click.Option) and not param.help
        )
        for name, below in getattr(command, "commands", {}).items():
            look(f"{words} {name}", below)

    for name, command in every_command():
        look(name, command)
    assert silent == []


def test_secrets_are_of_the_wanted_kind_and_never_the_same_twice() -> None:
    def secret(*kind: str) -> str:
        return CliRunner().invoke(secret_command, kind).output.strip()

    assert len(secret()) == 64
    assert len(standard_webhook_key(secret("whsec").encode())) == 32
    assert ENCODING_AES_KEY.fullmatch(secret("encoding-aes-key"))
    assert len(base64.b64decode(secret("encoding-aes-key") + "=", validate=True)) == 32
    assert secret() != secret()
    assert CliRunner().invoke(secret_command, ["hex"]).exit_code == 2


def completion(shell: str) -> str:
    return CliRunner().invoke(completion_command, [shell]).output


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("flask ch", {"channels"}, {"events"}),
        ("flask channels ", {"list", "check", "app-key"}, {"replay"}),
        ("flask --debug channels ch", {"check"}, {"list"}),
        ("flask events replay --d", {"--dry-run"}, {"--reason"}),
        ("flask secret ", {"plain", "whsec", "encoding-aes-key"}, set()),
    ],
)
def test_the_real_bash_completes(typed: str, wanted: set[str], unwanted: set[str]) -> None:
    *words, _ = typed.split(" ")
    array = " ".join(f"'{word}'" for word in typed.split(" "))
    script = f"{completion('bash')}\nCOMP_WORDS=({array}); COMP_CWORD={len(words)}; _callgate; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "--norc", "-eu", "-c", script], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert wanted <= found
    assert not unwanted & found


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_the_real_zsh_completes() -> None:
    stand_in = 'compdef() { :; }; compadd() { shift; print -l -- "$@"; }'
    script = f"{stand_in}\n{completion('zsh')}\nwords=(flask channels ''); CURRENT=3; _callgate"
    done = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, check=True)
    assert {"list", "check", "app-key"} <= set(done.stdout.split())
    assert done.stderr == ""
