"""Eight processes that need a token at once make one fetch: cold, and when the platform calls the token they have stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT
from tests.relay.eight_processes import PROCESSES
from tests.relay.gateway import channels_file
from tests.sandbox.server import SandboxServer

NOBODY = 40003


@pytest.fixture
def eight(database_url: str, sandbox: SandboxServer, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start what forks them."""
    (tmp_path / "channels.toml").write_text(channels_file(sandbox.settings, sandbox.url), encoding="utf-8")
    (tmp_path / "database").write_text(database_url)
    command = [sys.executable, "-m", "tests.relay.eight_processes", str(tmp_path)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()


def run(eight: subprocess.Popen[str]) -> list[int]:
    """Have all eight relay a call and return what each was answered."""
    assert eight.stdin is not None
    assert eight.stdout is not None
    eight.stdin.write("again\n")
    eight.stdin.flush()
    while not (line := eight.stdout.readline()).startswith("["):
        assert line, "it has ended"
    found: list[int] = json.loads(line)
    return found


@pytest.mark.backends("postgresql")
def test_eight_processes_make_one_fetch_through_the_relay(
    eight: subprocess.Popen[str], sandbox: SandboxServer
) -> None:
    state = sandbox.state
    assert run(eight) == [NOBODY] * PROCESSES
    assert len(state.calls("wechat.stable_token")) == 1, "cold"
    for token in state.app_tokens["wechat.stable"]:
        token.expires_at = 0
    state.forget_calls()
    assert run(eight) == [NOBODY] * PROCESSES
    assert len(state.calls("wechat.stable_token")) == 1, "stale"
    assert len(state.calls("wechat.user_info")) <= 2 * PROCESSES
