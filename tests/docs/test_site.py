"""The documentation as a site: every page in both languages, no dead link, nothing from other hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs_site.__main__ import build
from docs_site.contents import CONTENTS
from docs_site.tree import DOCS, pages_of_site, text_of

FOR_DEVELOPERS = {
    "adding-a-platform.md", "benchmark.md", "contract.md", "drills.md", "drills-results.md",
    "platforms/sources.md", "platforms/logins.md",
}  # fmt: skip
"""Pages of the menu that are in English alone: for those who work on Callgate or look a word up, and lists in both languages."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once; the generator refuses a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


@pytest.mark.timeout(180)
def test_every_page_is_there_in_both_languages(site: Path) -> None:
    for page in pages_of_site():
        place = page.removesuffix("index.md").removesuffix("README.md").removesuffix(".md")
        for language in ("", "zh-CN"):
            assert (site / language / place / "index.html").exists(), (language, page)


def test_a_page_asks_nothing_of_other_hosts(site: Path) -> None:
    for file in (site / "index.html", site / "zh-CN" / "index.html"):
        asked = re.findall(r'(?:src|href)="(https?://[^"]+)"', file.read_text(encoding="utf-8"))
        loaded = [each for each in asked if re.search(r"\.(js|css|woff2?|png|svg)$", each)]
        assert loaded == []


def test_what_people_read_is_in_both_languages() -> None:
    for section in CONTENTS:
        for page in section.pages:
            if page.file not in FOR_DEVELOPERS:
                assert (DOCS / page.file.replace(".md", ".zh-CN.md")).exists(), page.file


def test_a_page_without_a_translation_says_so() -> None:
    assert "此页暂无中文版" in text_of("benchmark.md", "zh-CN")
    assert "此页暂无中文版" not in text_of("handlers.md", "zh-CN")


def test_every_page_of_docs_stands_in_the_menu() -> None:
    there = {
        str(each.relative_to(DOCS)) for each in DOCS.rglob("*.md") if not each.name.endswith(".zh-CN.md")
    }
    assert there - set(pages_of_site()) == set()
