"""The set-up pages of docs/platforms: every command in them is run, every table in them is one that a gateway takes.

What is a command: each line of a block marked `sh`, and whatever begins with `flask` or `curl` between backticks. A block marked
`sh real-account` needs an account at the platform; it is not run, and counted here so that nobody takes that way out unseen.
The same gateway, served and with the sample channels, is sent everything that the simulator can fire.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.cli.groups import COMMANDS, make_command
from app.config.channels import ChannelConfig, parse_channels
from app.factory import build_services, create_app
from app.platforms import discover
from sandbox.platforms import simulated_platforms
from sandbox.platforms.smtp.server import MailServer
from sandbox.simulated import Simulated
from tests.live import ROOT, LiveGateway
from tests.ports import free_port
from tests.sandbox.clients import fire
from tests.sandbox.server import SandboxServer

FOLDER = ROOT / "docs" / "platforms"
WRITTEN_BY_COMMANDS = {"logins.md", "sources.md"}
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:flask|curl) [^`\n]+)`")
RUN, REAL = "sh", "sh real-account"
KINDS = {RUN, REAL, "toml", "yaml", "js", "text"}
NEED_AN_ACCOUNT = {"feishu": 1, "wechat": 4}
"""How many commands of a page are not run."""

CHINESE = ".zh-CN"
FIRED = [each for each in simulated_platforms() if each.callbacks is not None]
REFUSED = {"feishu": {"card.action.trigger_v1"}, "wechatpay": {"WECHATPAY/SIGNTEST"}}
"""Sent to see the refusal: a click on an old card, which `old_cards` must allow, and WeChat Pay's probe with a wrong signature."""
GOOD = 2
"""The first digit of a status that means: taken."""


@dataclass(frozen=True)
class Command:
    """One command, and the page it stands on first."""

    page: str
    text: str


@cache
def pages() -> dict[str, str]:
    """Return the pages that people wrote, by their names without the ending."""
    files = sorted(FOLDER.glob("*.md"))
    return {
        file.stem: file.read_text(encoding="utf-8") for file in files if file.name not in WRITTEN_BY_COMMANDS
    }


def blocks(page: str, kind: str) -> list[str]:
    return [match["text"] for match in FENCE.finditer(pages()[page]) if match["kind"] == kind]


def lines(page: str, kind: str) -> list[str]:
    return [line for block in blocks(page, kind) for line in block.splitlines() if line.strip()]


def to_run(page: str) -> list[str]:
    """Return a page's commands that need no account."""
    prose = FENCE.sub("", pages()[page])
    return lines(page, RUN) + INLINE.findall(prose)


def commands() -> list[Command]:
    """Return every command once."""
    found: dict[str, Command] = {}
    for page in pages():
        for text in to_run(page):
            found.setdefault(text, Command(page, text))
    return list(found.values())


@dataclass(frozen=True)
class Stage:
    """A gateway with the sample channels, the simulator behind them, and the gateway's own commands."""

    gateway: LiveGateway
    sandbox: SandboxServer
    app: Flask

    def flask(self, *words: str) -> Result:
        return self.app.test_cli_runner().invoke(args=words)

    def curl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the real program; the addresses of the pages are those of this stage."""
        program = shutil.which("curl")
        assert program
        command = [program, "--fail", "--silent", "--show-error", *map(self._here, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def _here(self, word: str) -> str:
        for address, own in (
            ("http://localhost:5003", self.gateway.url),
            ("http://localhost:5004", self.sandbox.url),
            ("https://gate.example.com", self.gateway.url),
        ):
            word = word.replace(address, own)
        return word


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    port = free_port()
    with SandboxServer(gateway_url=f"http://127.0.0.1:{port}") as sandbox:
        bases = {
            address.variable: sandbox.url + address.path
            for platform in simulated_platforms()
            for address in platform.addresses
        }
        mail = MailServer(sandbox.state)
        own = {"SANDBOX_URL": sandbox.url, "SMTP_PORT": str(mail.port)}
        settings = {**sandbox.settings.credentials, **bases, **own}
        channels = (ROOT / "channels.example.toml").read_text(encoding="utf-8")
        folder = tmp_path_factory.mktemp("gateway")
        with LiveGateway(folder, channels=channels, env=settings, port=port) as gateway:
            services = build_services(gateway.environment)
            app = create_app(services=services)
            for name in COMMANDS:
                app.cli.add_command(make_command(name, services))
            yield Stage(gateway, sandbox, app)
            services.inline_pool.shutdown(wait=False)
            services.database.close()
            mail.stop()


@pytest.mark.parametrize("command", commands(), ids=lambda command: f"{command.page}: {command.text}"[:80])
def test_a_command_of_a_page_does_what_the_page_says(stage: Stage, command: Command) -> None:
    program, *words = shlex.split(command.text)
    if program == "curl":
        done = stage.curl(*words)
        assert done.returncode == 0, done.stderr
        return
    assert program == "flask"
    result = stage.flask(*words)
    assert result.exit_code == 0, result.output
    if words[:2] == ["sandbox", "fire"]:
        # In one process with the command, the log goes to the same place.
        told, _ = json.JSONDecoder().raw_decode(result.output, result.output.index("[\n"))
        assert {each["status"] for each in told} == {200}


@pytest.mark.parametrize("platform", FIRED, ids=lambda platform: platform.slug)
def test_the_sample_channel_takes_everything_that_the_simulator_sends(
    stage: Stage, platform: Simulated
) -> None:
    assert platform.callbacks is not None
    order = {"platform": platform.slug, "channel": platform.channel.name}
    order["public_url"] = "http://localhost:5003"
    told = {each.type: fire(stage.sandbox, type=each.type, **order) for each in platform.callbacks.samples}
    refused = {kind: each for kind, (each,) in told.items() if each["status"] // 100 != GOOD}
    assert set(refused) == REFUSED.get(platform.slug, set())


def test_the_pages_hold_commands_at_all() -> None:
    assert len(commands()) >= 12
    assert {command.text.split()[0] for command in commands()} == {"flask", "curl"}


@pytest.mark.parametrize("page", pages())
def test_every_block_says_what_it_is(page: str) -> None:
    assert {match["kind"] for match in FENCE.finditer(pages()[page])} <= KINDS
    assert pages()[page].count("```") == 2 * len(FENCE.findall(pages()[page]))


@pytest.mark.parametrize("page", pages())
def test_what_needs_an_account_is_counted(page: str) -> None:
    assert len(lines(page, REAL)) == NEED_AN_ACCOUNT.get(page.removesuffix(CHINESE), 0)


@pytest.mark.parametrize("page", [page for page in pages() if not page.endswith(CHINESE)])
@pytest.mark.parametrize(
    "found",
    [lambda page: lines(page, REAL), to_run, lambda page: blocks(page, "toml")],
    ids=["with an account", "without", "tables"],
)
def test_the_chinese_page_has_the_same_commands_and_tables(
    page: str, found: Callable[[str], list[str]]
) -> None:
    assert sorted(without_comments(found(page))) == sorted(without_comments(found(page + CHINESE)))


def without_comments(texts: list[str]) -> list[str]:
    """Return texts without what stands behind a `#`, which each language says in its own words."""
    return [re.sub(r"\s*#[^\n]*", "", text) for text in texts]


@pytest.mark.parametrize("page", pages())
def test_every_key_of_a_table_is_one_that_the_gateway_takes(page: str) -> None:
    for text in blocks(page, "toml"):
        tables = tomllib.loads(text)
        if set(tables) <= set(ChannelConfig.model_fields):
            continue
        parse_channels(text, {}, folder=Path())
        for table in tables.get("channels", {}).values():
            known = {*ChannelConfig.model_fields, *discover()[table["platform"]].settings.model_fields}
            assert set(table) <= known
