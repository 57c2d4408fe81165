"""`python -m sandbox`, its settings, and its independence from the gateway."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox import read_settings
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


def wait_until_it_answers(port: int, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            requests.get(f"http://127.0.0.1:{port}/_sandbox/samples", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the simulator did not start")


def wait_until_it_is_gone(port: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)
    pytest.fail("the simulator still runs")


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    (tmp_path / ".env").write_text("WECHAT_ORIGINAL_ID=gh_from_file\nSANDBOX_URL=http://from.file\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", str(port)],
        cwd=tmp_path,
        env={**environment(tmp_path), "SANDBOX_URL": "http://from.environment"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_it_answers(port)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert "http://from.environment" in out


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-m', 'sandbox', '--port', '{port}']);"
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until_it_answers(port)
    parent.kill()
    parent.wait()
    wait_until_it_is_gone(port)


def test_settings_come_from_variables_and_empty_ones_do_not_count() -> None:
    settings = read_settings(
        {
            "FEISHU_APP_ID": "cli_1",
            "WECHAT_TOKEN": " ",
            "PUBLIC_BASE_URL": "https://gate.example/",
            "SANDBOX_REDIRECT_URIS": "http://a/cb, http://b/cb",
        }
    )
    assert settings["FEISHU_APP_ID"] == "cli_1"
    assert settings["WECHAT_TOKEN"] == read_settings({})["WECHAT_TOKEN"]
    assert settings.gateway_url == "https://gate.example"
    assert settings.redirect_uris == ("http://a/cb", "http://b/cb")


@pytest.mark.parametrize("wrong", [{"WECHAT_MODE": "x"}, {"CALLBACK_SCHEME": "x"}])
def test_an_unknown_mode_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        read_settings(wrong)


def test_it_imports_nothing_from_the_gateway() -> None:
    for path in (ROOT / "sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("app", "wechatpy", "lark_oapi") for name in names), path


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    for path in (ROOT / "sandbox").rglob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 400, path
