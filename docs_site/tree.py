"""The pages of one language as the site generator wants them: one tree, links that lead to pages of the same language."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath

from docs_site.contents import CONTENTS, NOT_TRANSLATED

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ZH = ".zh-CN.md"
LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^()\s]+)\)")
FIRST_LINE = re.compile(r"\A\*{0,2}(?:English|\[English\]\([^)]*\))\*{0,2} · .*\n")


def pages_of_site() -> list[str]:
    """Return every page of the site, as its file under docs/ without the language."""
    listed = [page.file for section in CONTENTS for page in section.pages]
    return [*listed, *(each for each in _found() if each not in listed)]


def _found() -> Iterator[str]:
    for folder in ("platforms", "decisions"):
        for file in sorted((DOCS / folder).rglob("*.md")):
            if not file.name.endswith(ZH):
                yield str(file.relative_to(DOCS))


def write_tree(language: str, into: Path) -> None:
    """Write the pages of one language and the pictures they show."""
    for page in pages_of_site():
        target = into / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(page, language), encoding="utf-8")
    shutil.copytree(DOCS / "images", into / "images", dirs_exist_ok=True)


def text_of(page: str, language: str) -> str:
    """Return a page in a language, or with a line that says that there is none."""
    own = DOCS / (page.removesuffix(".md") + ZH)
    if language != "en" and own.exists():
        return _linked(own.read_text(encoding="utf-8"), page)
    text = _linked((DOCS / page).read_text(encoding="utf-8"), page)
    note = NOT_TRANSLATED.of(language)
    return f"> {note}\n\n{text}" if note else text


def _linked(text: str, page: str) -> str:
    """Return a text whose links lead to pages of the site; the line that changes the language is the site's own."""
    return LINK.sub(lambda match: _link(match, page), FIRST_LINE.sub("", text))


def _link(match: re.Match[str], page: str) -> str:
    picture, words, address = match.groups()
    file, hash_, title = address.partition("#")
    if "://" in address or not file:
        return match[0]
    if picture:
        return match[0] if file.startswith(("images/", "../images/")) else words
    known = file.removesuffix(ZH) + ".md" if file.endswith(ZH) else file
    place = normpath(str(PurePosixPath(page).parent / known))
    if place not in pages_of_site():
        # What lies outside of the site (a file of the repository) is named, not linked.
        return words
    return f"[{words}]({known}{hash_}{title})"
