"""A platform is its folders and nothing else: no part that all platforms share names one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.platforms import discover
from sandbox.platforms import simulated_platforms
from tests.architecture.source import repository_files, text

DEVELOPMENT_PAGES = (
    "app/web/dev/",
    "app/cli/sandbox.py",
    "app/web/templates/front",
    "app/web/static/front",
)
"""What shows and fires the simulator's samples in the gateway."""
WORD_OF_THE_HOUSE = "callback"
"""A platform's slug that is also what every platform sends; only the simulator can do without the word."""
SLUGS = sorted(discover())


def folder_of(slug: str) -> str:
    return slug.replace("-", "_")


def shared_files() -> list[Path]:
    """Return the files of the simulator that belong to no platform."""
    return [
        path for path in repository_files() if path.parts[0] == "sandbox" and path.parts[1] != "platforms"
    ]


def lines_that_name(slug: str, paths: list[Path]) -> list[str]:
    spellings = "|".join(re.escape(name) for name in {slug, folder_of(slug), slug.replace("-", " ")})
    name = re.compile(rf"(?<![a-z0-9])(?:{spellings})(?![a-z0-9])", re.IGNORECASE)
    return [
        f"{path}:{number} {line.strip()}"
        for path in paths
        for number, line in enumerate(text(path).splitlines(), 1)
        if name.search(line)
    ]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_shared_part_of_the_simulator_names_no_platform(slug: str) -> None:
    assert len(shared_files()) > 20
    assert lines_that_name(slug, shared_files()) == []


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != WORD_OF_THE_HOUSE])
def test_the_development_pages_name_no_platform(slug: str) -> None:
    pages = [path for path in repository_files() if str(path).startswith(DEVELOPMENT_PAGES)]
    assert len(pages) > 10
    assert lines_that_name(slug, pages) == []


def test_every_platform_is_simulated() -> None:
    assert sorted(platform.slug for platform in simulated_platforms()) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_every_platform_has_its_folder_of_tests(slug: str) -> None:
    kept = {path.parts[2] for path in repository_files() if path.parts[:2] == ("tests", "platforms")}
    assert folder_of(slug) in kept


def test_no_two_simulated_platforms_share_a_name() -> None:
    platforms = simulated_platforms()
    variables = [each.variable for one in platforms for each in one.credentials]
    variables += [each.variable for one in platforms for each in one.addresses]
    channels = [one.channel.name for one in platforms]
    switches = [switch for one in platforms for switch in one.switches]
    for names in (variables, channels, switches):
        assert len(names) == len(set(names))
