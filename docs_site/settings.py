"""The settings of the site generator for one language, written as its TOML. Nothing from other hosts is asked for."""

from __future__ import annotations

import json
from typing import Any

from docs_site.contents import CONTENTS, DECISIONS, PLATFORMS, Words
from docs_site.tree import pages_of_site

ABOUT = Words(
    "The gateway that owns every callback address you hand to third-party platforms.",
    "统一管理交给第三方平台的所有回调地址的网关。",
)
FEATURES = [
    "content.code.copy",
    "content.tabs.link",
    "navigation.footer",
    "navigation.indexes",
    "navigation.sections",
    "navigation.tabs",
    "navigation.top",
    "search.highlight",
]
EXTENSIONS = """
[project.markdown_extensions]
admonition = {}
attr_list = {}
md_in_html = {}
tables = {}
toc.permalink = true
toc.slugify = { object = "pymdownx.slugs.slugify", kwds = { case = "lower" } }
pymdownx.details = {}
pymdownx.superfences = {}
pymdownx.tabbed.alternate_style = true
pymdownx.highlight = {}
"""
PALETTES = """
[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
primary = "indigo"
[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
primary = "indigo"
"""


def settings_of(language: str) -> str:
    """Return the settings file."""
    project: dict[str, Any] = {
        "site_name": "Callgate",
        "site_description": ABOUT.of(language),
        "docs_dir": "docs",
        "site_dir": "site",
        "nav": _menu(language),
    }
    theme = {"language": "en" if language == "en" else "zh", "font": False, "features": FEATURES}
    theme |= {"logo": "images/mark.svg", "favicon": "images/mark.svg"}
    alternate = [
        {"name": "English", "link": "/", "lang": "en"},
        {"name": "简体中文", "link": "/zh-CN/", "lang": "zh-CN"},
    ]
    lines = ["[project]", *_lines(project), "[project.theme]", *_lines(theme)]
    lines += ["[project.extra]", *_lines({"alternate": alternate})]
    return "\n".join(lines) + PALETTES + EXTENSIONS


def _menu(language: str) -> list[dict[str, Any]]:
    sections: list[dict[str, Any]] = [
        {section.title.of(language): [{page.title.of(language): page.file} for page in section.pages]}
        for section in CONTENTS
    ]
    listed = {page.file for section in CONTENTS for page in section.pages}
    for folder, words in (("platforms", PLATFORMS), ("decisions", DECISIONS)):
        rest = [page for page in pages_of_site() if _is_directly_in(folder, page) and page not in listed]
        sections.append({words.of(language): rest})
    return sections


def _is_directly_in(folder: str, page: str) -> bool:
    """Leave pages further below out of the menu: the list of all sources leads to them."""
    return page.startswith(f"{folder}/") and page.count("/") == 1


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in values.items()]


def _toml(value: Any) -> str:
    """Return a value as TOML; texts are written as JSON writes them, which TOML reads alike."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)
