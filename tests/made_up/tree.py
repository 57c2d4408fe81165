"""A copy of this repository into which the made-up platform is dropped, with a gateway and a simulator that run from it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests
from dotenv import dotenv_values

from tests.architecture.source import ROOT, repository_files
from tests.builders import environment
from tests.ports import free_port

DATA = Path(__file__).with_name("acme")
PLACES = {"app": "app/platforms/acme", "sandbox": "sandbox/platforms/acme", "tests": "tests/platforms/acme"}
WRITTEN_BY_COMMANDS = {
    ".env.example",
    "channels.example.toml",
    "app/config/sample_digests.py",
    "docs/postman.json",
}
START_SECONDS = 90
USUAL_SIMULATOR = "http://localhost:5004"


class Tree:
    """The copy: commands run in it, and it knows which of its files are no longer what they were."""

    def __init__(self, folder: Path):
        self.folder = folder
        own = Path(__file__).parent.relative_to(ROOT)
        for path in repository_files():
            if not path.is_relative_to(own):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, folder / path)
        # The tests of the code's shape ask git which files there are.
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        self._before = self._hashes()

    def _hashes(self) -> dict[str, str]:
        """Return the hash of every file that the repository has."""
        known = [
            path
            for path in self.folder.rglob("*")
            if path.is_file() and not {".git", "__pycache__"} & set(path.parts)
        ]
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in known
        }

    def edited(self) -> list[str]:
        """Return the files of the repository that changed or are gone, except those that a command writes."""
        now = self._hashes()
        changed = {name for name, digest in self._before.items() if now.get(name) != digest}
        return sorted(changed - WRITTEN_BY_COMMANDS)

    def add_platform(self) -> None:
        """Drop the three folders in."""
        for name, place in PLACES.items():
            shutil.copytree(DATA / name, self.folder / place)

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run a Python program in the tree and return what it said; raises AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
        return done.stdout

    def run_target(self, target: str) -> None:
        """Run the programs of a Makefile's target, which needs nothing else."""
        recipe = (self.folder / "Makefile").read_text("utf-8").split(f"\n{target}: ", 1)[1].split("\n\n")[0]
        commands = [line.strip().split() for line in recipe.splitlines()[1:]]
        assert commands
        for program, *words in commands:
            assert program == "$(BIN)/python"
            self.run(*words)

    @property
    def environment(self) -> dict[str, str]:
        """The variables every program in the tree gets."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.folder),
        }


class Running:
    """Gateway and simulator of a tree, on free ports, with the accounts and channels of its example files."""

    def __init__(self, tree: Tree):
        self.tree = tree
        gateway, simulator = free_port(), free_port()
        self.url, self.simulator = f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{simulator}"
        accounts = dotenv_values(tree.folder / ".env.example")
        self.env = {
            **{
                name: value.replace(USUAL_SIMULATOR, self.simulator)
                for name, value in accounts.items()
                if value
            },
            **environment(),
            "PUBLIC_BASE_URL": self.url,
            "SANDBOX_URL": self.simulator,
            "DATABASE_URL": f"sqlite:///{tree.folder / 'var' / 'made_up.db'}",
            "CHANNELS_FILE": str(tree.folder / "channels.example.toml"),
        }
        self._programs = {
            f"{self.simulator}/": ["-m", "sandbox", "--port", str(simulator)],
            f"{self.url}/healthz": ["-m", "flask", "--app", "wsgi.py", "serve", "--port", str(gateway)],
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def flask(self, *words: str) -> str:
        """Run a `flask` command of this gateway."""
        return self.tree.run("-m", "flask", "--app", "wsgi.py", *words, env=self.env)

    def __enter__(self) -> Self:
        (self.tree.folder / "var").mkdir(exist_ok=True)
        self.flask("db", "upgrade")
        for words in self._programs.values():
            with (self.tree.folder / "var" / "made_up.log").open("ab") as log:
                started = subprocess.Popen(
                    [sys.executable, *words],
                    cwd=self.tree.folder,
                    env=self.tree.environment | self.env,
                    stdout=log,
                    stderr=log,
                )
            self._processes.append(started)
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for address in self._programs:
            while not _answers(address):
                log = (self.tree.folder / "var" / "made_up.log").read_text("utf-8")
                assert time.monotonic() < deadline, f"{address} does not answer:\n{log[-4000:]}"
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.RequestException:
        return False
