"""The layout of the image: code that cannot be written, own files mounted elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.builders import CALLBACK_SECRET, SECRET_KEY, envelope, signed_callback
from tests.live import ROOT, START_SECONDS
from tests.ports import free_port

# Root may write wherever it likes; without its capabilities it is bound by the files' rights, as the image's user is.
BOUND = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPILE = ("compileall", "-q", "--invalidation-mode", "unchecked-hash")
HANDLER = """
from app.handlers import Router
from ._words import GREETING
router = Router()
@router.on("mounted", "greet", inline=True)
def greet(event, context):
    return f"{GREETING} {event.subject}"
"""


def shipped() -> list[str]:
    """Return what .dockerignore lets into the image: everything is left out but the lines that begin with `!`."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def copy_of_the_image(folder: Path) -> Path:
    """Copy what is shipped, compile it as the image does, and take away every right to write.

    What is compiled already is copied, which spares most of the work.
    """
    code = folder / "code"
    code.mkdir()
    for name in shipped():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, code / name)
        else:
            shutil.copy(source, code / name)
    assert f"RUN /opt/callgate/bin/python -m {' '.join(COMPILE)} /opt/callgate/lib .\n" in DOCKERFILE
    subprocess.run([sys.executable, "-m", *COMPILE, "."], cwd=code, check=True)
    subprocess.run(["chmod", "-R", "a-w", str(code)], check=True)
    return code


class Mounted:
    """Runs commands as the image does, by a user who may not write the code."""

    def __init__(self, code: Path, folder: Path):
        self.code = code
        self.home = folder / "home"
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "CALLGATE_HOME": str(self.home),
        }

    def start(self, *words: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a module of Python in the read-only folder."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [*BOUND, sys.executable, "-m", *words],
                cwd=self.code,
                env=self.environment,
                stdout=output,
                stderr=output,
            )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("image")
    yield copy_of_the_image(folder)
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)


@pytest.fixture
def mounted(image: Path, tmp_path: Path) -> Iterator[Mounted]:
    yield Mounted(image, tmp_path)
    subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=True)


def write_own_files(mounted: Mounted) -> None:
    """Own files as somebody mounts them: settings and code to read, var/ to write."""
    mounted.home.mkdir()
    (mounted.home / ".env").write_text(f"SECRET_KEY={SECRET_KEY}\nMOUNTED_SECRET_FILE=secret\nSANDBOX=0\n")
    (mounted.home / "secret").write_text(CALLBACK_SECRET + "\n")
    (mounted.home / "channels.toml").write_text(
        '[channels.mounted]\nplatform = "callback"\nsecret = "${MOUNTED_SECRET}"\n'
    )
    (mounted.home / "handlers").mkdir()
    (mounted.home / "handlers" / "mine.py").write_text(HANDLER)
    (mounted.home / "handlers" / "_words.py").write_text('GREETING = "hello"\n')
    (mounted.home / "var").mkdir()
    for path in (mounted.home / "handlers", mounted.home):
        path.chmod(0o555)


def greeting(mounted: Mounted, serving: subprocess.Popen[bytes], log: Path) -> str:
    """Send a signed callback until somebody answers."""
    deadline = time.monotonic() + START_SECONDS
    request = signed_callback(envelope("evt_1", "greet"), path="/webhooks/mounted")
    while True:
        try:
            answer = requests.post(
                f"http://127.0.0.1:{mounted.port}/webhooks/mounted",
                data=request.body,
                headers=dict(request.headers),
                timeout=10,
            )
        except requests.RequestException:
            assert time.monotonic() < deadline, log.read_text()
            assert serving.poll() is None, log.read_text()
            time.sleep(0.05)
            continue
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"])


def test_read_only_code_serves_a_handler_of_the_mounted_folder(mounted: Mounted, tmp_path: Path) -> None:
    write_own_files(mounted)
    log = tmp_path / "log"
    assert mounted.start("flask", "db", "upgrade", log=log).wait(60) == 0, log.read_text()
    serving = mounted.start("flask", "serve", "--port", str(mounted.port), log=log)
    try:
        assert greeting(mounted, serving, log) == "hello user_1"
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(15)
    written = {path.name for path in mounted.home.rglob("*")}
    assert {"callgate.db", "mine.py", "_words.py"} <= written
    assert "__pycache__" not in written


def test_the_code_really_cannot_be_written(mounted: Mounted, tmp_path: Path) -> None:
    assert mounted.start("compileall", "-q", "-f", "wsgi.py", log=tmp_path / "log").wait(60) != 0
    assert "Permission denied" in (tmp_path / "log").read_text()


def test_the_image_writes_own_files_into_an_empty_mount(mounted: Mounted, tmp_path: Path) -> None:
    mounted.home.mkdir()
    log = tmp_path / "log"
    assert mounted.start("flask", "init", log=log).wait(60) == 0, log.read_text()
    assert sorted(path.name for path in mounted.home.iterdir()) == [".env", "channels.toml", "handlers"]


def test_no_own_file_and_no_test_is_shipped() -> None:
    names = shipped()
    assert all((ROOT / name).exists() for name in names)
    assert not {".env", "channels.toml", "handlers", "var", "tests", "sandbox", "bench"} & set(names)
    assert "CALLGATE_HOME=/srv/callgate-home" in DOCKERFILE
