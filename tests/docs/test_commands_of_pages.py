"""What the READMEs and the pages of docs/ tell somebody to type is there to be typed, and what they link to is there to be read."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from app.cli.init import init_command
from app.pipeline.services import Services
from tests.architecture.source import ROOT
from tests.docs.pages import READMES, block_lines, page, pages, spans, targets, terminal

pytestmark = pytest.mark.backends("sqlite")
PARTS = re.compile(r"&&|\|\||;|\|| · ")
BEHIND_FLASK = re.compile(r"(?:^|[\s/])(?<!from )flask ([a-z].*)")
MAKE = re.compile(r"(?:^|\s)make ([a-z][a-z-]*)")
MODULE = re.compile(r"python3? -m ([a-z_.]+)")
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
ARGUMENT = re.compile(r"^[A-Z<\[/$].*")
SENT_THROUGH = re.compile(r"flask messages send ([a-z][a-z-]*)")
TWIN = ".zh-CN.md"


def typed(name: str) -> list[str]:
    """Return every command of a page, one for each part of a line."""
    lines = [*spans(page(name)), *block_lines(page(name))]
    return [part.strip() for line in lines for part in PARTS.split(line)]


def flask_commands(name: str) -> list[str]:
    return [found[1] for part in typed(name) if (found := BEHIND_FLASK.search(part)) is not None]


def slip(text: str, commands: dict[str, click.Command]) -> str | None:
    """Say what of a command does not exist, None when all of it does."""
    words = [word.strip("[]") for word in shlex.split(text.replace("…", ""))]
    depth = next((n for n in (2, 1) if " ".join(words[:n]) in commands), 0)
    if not depth:
        return f"flask {text}: there is no such command"
    command = commands[" ".join(words[:depth])]
    if isinstance(command, click.Group) and len(words) > depth and not ARGUMENT.match(words[depth]):
        return f"flask {text}: {words[depth]} is no command of {words[0]}"
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word not in {*options, "--help"}]
    return f"flask {text}: {unknown} is no option" if unknown else None


@pytest.fixture
def commands(services: Services) -> dict[str, click.Command]:
    return {**terminal(services), "init": init_command}


@pytest.mark.parametrize("name", pages())
def test_every_flask_command_of_a_page_exists(name: str, commands: dict[str, click.Command]) -> None:
    found = [slip(text, commands) for text in flask_commands(name) if not text.startswith("--")]
    assert [each for each in found if each] == []


def test_a_slip_in_a_command_is_seen(commands: dict[str, click.Command]) -> None:
    for wrong in ("channels chek", "chanels list", "serve --wrokers 2", "events replay ID --dry"):
        assert slip(wrong, commands)
    assert slip("events replay ID --dry-run", commands) is None


@pytest.mark.parametrize("name", pages())
def test_every_target_of_make_and_every_module_of_a_page_exists(name: str) -> None:
    made = {target for part in typed(name) for target in MAKE.findall(part)}
    assert made - targets() == set()
    assert [each for part in typed(name) for each in MODULE.findall(part) if find_spec(each) is None] == []


def test_the_pages_hold_commands_at_all() -> None:
    assert sum(len(flask_commands(name)) for name in pages()) > 30
    assert {target for name in pages() for part in typed(name) for target in MAKE.findall(part)} > {
        "run",
        "test",
    }


@pytest.mark.parametrize("name", [*pages(), "CHANGELOG.md"])
def test_every_link_leads_to_a_file_and_to_a_title_in_it(name: str) -> None:
    lost = [link for link in LINK.findall(page(name)) if not leads_somewhere(name, link)]
    assert lost == []


def leads_somewhere(name: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    file = (ROOT / name).parent / path if path else ROOT / name
    return file.exists() and (not anchor or anchor in anchors(file))


def anchors(file: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's titles."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", title.lower()) for title in titles]
    return {re.sub(r"\s", "-", title.strip()) for title in plain}


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_links_to_every_page_that_people_read_in_both_languages(readme: str) -> None:
    end = TWIN if readme.endswith(TWIN) else ".md"
    names = [f"docs/{file.name.removesuffix(TWIN)}{end}" for file in (ROOT / "docs").glob(f"*{TWIN}")]
    linked = {link.partition("#")[0] for link in LINK.findall(page(readme))}
    assert names
    assert [name for name in names if name not in linked] == []


def test_the_pages_send_through_channels_that_a_new_gateway_has() -> None:
    channels = tomllib.loads(page("channels.example.toml"))["channels"]
    guides = [file.relative_to(ROOT).as_posix() for file in (ROOT / "docs" / "platforms").glob("*.md")]
    named = {found for name in [*pages(), *guides] for found in SENT_THROUGH.findall(page(name))}
    assert "wecom" in named
    assert sorted(named - set(channels)) == []
