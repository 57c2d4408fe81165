"""The upgrade from the first landed version, as somebody does it who has edited files and has data; run by hand.

    .venv/bin/python -m tests.upgrade.from_first_version [DATABASE_URL]

Clones the first version, edits it as its README said, serves it and brings data in through real requests: an event that
succeeded, one that waits, one that is dead, a person who has logged in. Then pulls what HEAD is, upgrades as
docs/upgrading.md says, and looks for everything. Without an address it uses SQLite; an address must name an empty database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from dotenv import dotenv_values

from tests.live import ROOT
from tests.ports import free_port
from tests.upgrade.checkouts import Repository, git_environment

FIRST = "90e0c54"
SECRET = "shop-5f1c9d27b3e84a60"
SHOP = f'\n[channels.shop]\nplatform = "callback"\ntitle = "Our shop"\nsecret = "{SECRET}"\n'
MINE = '''"""Ours."""
from pathlib import Path
from app.core.errors import PermanentError
from app.handlers import Router
from app.handlers.words import GREETING

router = Router()

class Later(Exception):
    retry_after = 3600

def is_repaired():
    return Path("var/repaired").exists()

@router.on("shop", "fine")
def fine(event, context): ...

@router.on("shop", "waits")
def waits(event, context):
    if not is_repaired():
        raise Later("not yet")

@router.on("shop", "dies")
def dies(event, context):
    if not is_repaired():
        raise PermanentError("never")

@router.on("shop", "greet", inline=True)
def greet(event, context):
    return GREETING + " " + event.subject
'''


class Site:
    """A checkout that somebody runs."""

    def __init__(self, folder: Path, database_url: str):
        self.checkout = Repository(folder)
        self.folder = folder
        self.database_url = database_url
        self.gateway_port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.gateway_port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self._servers: list[subprocess.Popen[bytes]] = []
        self.browser = requests.Session()

    def run(self, *words: str) -> str:
        """Run a command in the checkout; it has to succeed."""
        done = subprocess.run(
            words, cwd=self.folder, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def flask(self, *words: str) -> str:
        """Run a `flask` command."""
        return self.run(".venv/bin/flask", *words)

    def serve(self) -> None:
        """Start gateway and simulator and wait for both."""
        for words in (
            (".venv/bin/flask", "serve", "--port", str(self.gateway_port)),
            (".venv/bin/python", "-m", "sandbox", "--port", str(self.sandbox_port)),
        ):
            with (self.folder / "var" / "log").open("ab") as log:
                self._servers.append(
                    subprocess.Popen(words, cwd=self.folder, env=environment(), stdout=log, stderr=log)
                )
        wait_for(lambda: answers(f"{self.url}/healthz") and answers(self.sandbox_url))

    def stop(self) -> None:
        """Stop both."""
        for server in self._servers:
            server.terminate()
        for server in self._servers:
            server.wait(20)
        self._servers.clear()

    def send(self, event_type: str, key: str) -> dict[str, Any]:
        """Send a signed callback to our own channel."""
        body = json.dumps(
            {"event_id": key, "event_type": event_type, "timestamp": 1763640000, "data": {"user_id": "Lin"}}
        ).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        answer = requests.post(
            f"{self.url}/webhooks/shop",
            data=body,
            headers={"X-Signature": signature, "Content-Type": "application/json"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def states(self) -> dict[str, str]:
        """Return the state of each event of our channel by its type."""
        token = (dotenv_values(self.folder / ".env")["API_TOKENS"] or "").partition(":")[2]
        answer = requests.get(
            f"{self.url}/api/v1/events?channel=shop", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        return {item["type"]: item["state"] for item in answer.json()["items"]}

    def log_in(self) -> None:
        """Log in at the simulator by pressing its buttons."""
        page = self.browser.get(f"{self.url}/oauth/account/start", timeout=10)
        for _ in range(5):
            if page.url.startswith(self.url):
                break
            page = self.browser.post(*form_of(page), timeout=10)
        assert self.person(), page.url

    def person(self) -> str:
        """Return who is logged in."""
        answer = self.browser.get(f"{self.url}/api/v1/me", timeout=10)
        return str(answer.json()["identity"]["name"]) if answer.status_code == 200 else ""


def environment() -> dict[str, str]:
    """Return what a terminal has."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | git_environment()


def form_of(page: requests.Response) -> tuple[str, dict[str, str]]:
    """Return where a page's form goes and what it sends when its yes is pressed."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<(?:input|button)\b[^>]*>", page.text):
        said = {name: unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        is_chosen = said.get("type") != "radio" or "checked" in tag
        if "name" in said and is_chosen and said.get("value") != "deny":
            fields.setdefault(said["name"], said.get("value", ""))
    action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
    return urljoin(page.url, unescape(action[1]) if action else ""), fields


def answers(url: str) -> bool:
    """Say whether a server answers."""
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def say(what: str) -> None:
    """Print a line of the report."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def set_up(folder: Path, database_url: str) -> tuple[Repository, Site]:
    """Make an upstream at the first version and a checkout of it with edits, settings and tables."""
    upstream = Repository(ROOT)
    origin = folder / "origin.git"
    upstream.git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    upstream.git("push", "--quiet", str(origin), f"{FIRST}:refs/heads/main")
    upstream.git("clone", "--quiet", str(origin), str(folder / "site"))
    site = Site(folder / "site", database_url)
    (site.folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    site.run(
        ".venv/bin/python",
        "-c",
        "from pathlib import Path; from app.cli.start import write_env_file; "
        "write_env_file(Path('.env.example'), Path('.env'))",
    )
    text = (site.folder / ".env").read_text().replace("http://localhost:5004", site.sandbox_url)
    own = {"PUBLIC_BASE_URL": site.url, "SANDBOX_URL": site.sandbox_url}
    own |= {"DATABASE_URL": database_url} if database_url else {}
    (site.folder / ".env").write_text(text + "".join(f"{name}={value}\n" for name, value in own.items()))
    channels = site.folder / "channels.toml"
    channels.write_text(channels.read_text() + SHOP)
    site.checkout.write("app/handlers/mine.py", MINE)
    site.checkout.write("app/handlers/words.py", 'GREETING = "hello"\n')
    examples = site.folder / "app" / "handlers" / "examples.py"
    examples.write_text(examples.read_text().replace('{"user_id": event.subject}', '{"user": event.subject}'))
    (site.folder / "var").mkdir(exist_ok=True)
    site.flask("db", "upgrade")
    return upstream, site


def bring_data(site: Site) -> None:
    """Serve the first version and bring data in."""
    site.serve()
    for event_type in ("fine", "waits", "dies"):
        site.send(event_type, f"evt_{event_type}")
    wanted = {"fine": "succeeded", "waits": "retrying", "dies": "dead"}
    wait_for(lambda: site.states() == wanted)
    assert site.send("greet", "evt_greet_1")["data"] == "hello Lin"
    site.log_in()
    say(f"first version {FIRST}: {site.states()}, logged in: {site.person()}")
    site.stop()


def upgrade(upstream: Repository, site: Site) -> None:
    """Pull and upgrade as docs/upgrading.md says. `-o` keeps make from installing into a shared virtual environment."""
    upstream.git("push", "--quiet", str(site.folder.parent / "origin.git"), "HEAD:refs/heads/main")
    refused = site.checkout.git("pull", "--ff-only", may_fail=True)
    assert "would be overwritten" in refused, refused
    site.checkout.git("fetch")
    script = site.checkout.git("show", "origin/main:app/cli/take_over.py")
    done = subprocess.run(
        [sys.executable, "-"],
        input=script,
        cwd=site.folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    say(done.stdout)
    site.checkout.git("pull", "--ff-only")
    say(site.run("make", "-o", ".venv/.installed", "upgrade"))


def look(site: Site) -> None:
    """Serve the new version and look for everything."""
    assert "shop  (callback, Our shop)  enabled" in site.flask("channels", "list")
    site.serve()
    # Cookies have other names since, so everybody logs in once more.
    site.log_in()
    say(f"new version: {site.states()}, logged in: {site.person()}")
    assert site.states() == {"fine": "succeeded", "waits": "retrying", "dies": "dead", "greet": "succeeded"}
    (site.folder / "var" / "repaired").touch()
    site.flask("events", "replay", "--channel", "shop", "--state", "retrying", "--reason", "repaired")
    site.flask("dead-letters", "replay", "--channel", "shop", "--reason", "repaired")
    wait_for(lambda: set(site.states().values()) == {"succeeded"})
    assert site.send("greet", "evt_greet_2")["data"] == "hello Lin"
    assert site.send("greet", "evt_greet_1")["status"] == "already_processed"
    say(f"after replay: {site.states()}")
    names = re.findall(r'"route": "([^"]+)"', site.flask("events", "show", event_id_of(site, "waits")))
    say(f"route of what waited: {names}; git status: {site.checkout.status() or 'clean'}")
    assert site.checkout.status() == ""
    site.stop()


def event_id_of(site: Site, event_type: str) -> str:
    """Return the id of an event."""
    return site.flask("events", "list", "--type", event_type).split()[1]


def main() -> int:
    """Do all of it in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="callgate-upgrade-"))
    site: Site | None = None
    try:
        upstream, site = set_up(folder, sys.argv[1] if len(sys.argv) > 1 else "")
        bring_data(site)
        upgrade(upstream, site)
        look(site)
    finally:
        if site is not None:
            site.stop()
        shutil.rmtree(folder)
    say("Everything was there.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
