"""Real git repositories in a folder of their own: an upstream that moves from the old layout to the new, and a clone of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.live import ROOT

TAKE_OVER = "app/cli/take_over.py"
OLD_CHANNELS = "".join(
    f'[channels.{name}]\nplatform = "callback"\nsecret = "${{{name.upper()}_SECRET}}"\n\n'
    for name in ("one", "two", "three", "four")
)
OLD_EXAMPLES = '''"""Example handlers; change or delete them."""

from __future__ import annotations

from app.handlers import Context, Router

router = Router()


@router.on("callback", "user_authorized", inline=True)
def user_authorized(event, context: Context):
    """Answer with the user the caller told us about."""
    return {"user_id": event.subject}


@router.on("callback", "payment_notify")
def payment_notify(event, context: Context):
    """Note a payment."""
    print("payment", event.id)
'''
MINE = (
    "from app.handlers import Router\n\nrouter = Router()\n\n\n@router.on('*')\ndef f(event, context): ...\n"
)


class Repository:
    """One working tree; git is asked as a person would."""

    def __init__(self, folder: Path):
        self.folder = folder

    def git(self, *words: str, may_fail: bool = False) -> str:
        """Run git and return what it printed."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env=git_environment(),
        )
        assert may_fail or done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def write(self, path: str, text: str) -> Path:
        """Write a file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def read(self, path: str) -> str:
        """Return a file's text."""
        return (self.folder / path).read_text(encoding="utf-8")

    def has(self, path: str) -> bool:
        """Say whether there is such a file."""
        return (self.folder / path).exists()

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def status(self) -> str:
        """Return what git finds changed."""
        return self.git("status", "--porcelain", "--untracked-files=no")


def git_environment() -> dict[str, str]:
    """Return an environment in which only this test's repositories count."""
    names = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME",)}
    mails = {f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_EDITOR": "true"}
    return {"PATH": os.environ["PATH"], "HOME": os.devnull} | own | names | mails


def old_upstream(folder: Path) -> Repository:
    """Return an upstream at the old layout."""
    folder.mkdir()
    upstream = Repository(folder)
    upstream.git("init", "--quiet", "--initial-branch=main")
    upstream.write(".gitignore", "/.env\n/var/\n__pycache__/\n")
    upstream.write("channels.toml", OLD_CHANNELS)
    upstream.write("app/__init__.py", "")
    upstream.write("app/cli/__init__.py", "")
    upstream.write("app/handlers/__init__.py", '"""The folder to edit."""\n')
    upstream.write("app/handlers/examples.py", OLD_EXAMPLES)
    upstream.commit("Old layout")
    return upstream


def move_on(upstream: Repository) -> None:
    """Bring the upstream to the new layout."""
    upstream.write(".gitignore", "/.env\n/channels.toml\n/handlers/\n/var/\n__pycache__/\n")
    upstream.git("mv", "channels.toml", "channels.example.toml")
    upstream.write(
        "channels.example.toml", upstream.read("channels.example.toml") + "# new in this version\n"
    )
    (upstream.folder / "examples" / "handlers").mkdir(parents=True)
    upstream.git("mv", "app/handlers/examples.py", "examples/handlers/examples.py")
    upstream.write("app/handlers/__init__.py", '"""What handlers import."""\n')
    upstream.write("app/handlers/loading.py", '"""Loads handlers."""\n')
    upstream.folder.joinpath(TAKE_OVER).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / TAKE_OVER, upstream.folder / TAKE_OVER)
    upstream.commit("New layout")


def clone(upstream: Repository, folder: Path) -> Repository:
    """Return a clone as a user has it."""
    upstream.git("clone", "--quiet", str(upstream.folder), str(folder))
    return Repository(folder)


def take_over(checkout: Repository, *, home: Path | None = None) -> str:
    """Run the script as the documentation says, from what was fetched, with nothing but the standard library."""
    checkout.git("fetch", "--quiet")
    script = checkout.git("show", f"origin/main:{TAKE_OVER}")
    environment = git_environment() | ({"CALLGATE_HOME": str(home)} if home is not None else {})
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-"],
        input=script,
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
