"""The page of the described sources: found by name or slug, each with its channel and a button for every documented type. No scripts."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request

from sandbox.sources.files import slugs, source
from sandbox.sources.signing import public_settings
from sandbox.sources.types import types_of
from sandbox.words import Words

blueprint = Blueprint("sources", __name__)

LONGEST_QUERY = 80
OPENED_AT_ONCE = 3
"""Of so few that were found each is shown open."""

GROUPS = (("cn", Words("Chinese platforms", "中国平台")), ("global", Words("All others", "其他平台")))


class Entry(NamedTuple):
    """One source as the page shows it."""

    slug: str
    title: Words
    region: str
    types: tuple[str, ...]
    searched: str

    @property
    def channel(self) -> str:
        """The table of channels.toml with the keys that this simulator signs with."""
        said = source(self.slug)
        settings: dict[str, Any] = {
            **said["sample"].get("settings", {}),
            **public_settings(said["signature"]),
        }
        lines = [f"[channels.{self.slug}]", f'platform = "{self.slug}"']
        return "\n".join([*lines, *(f"{name} = {_toml(value)}" for name, value in settings.items())])


@cache
def entries() -> tuple[Entry, ...]:
    """Returns every source, sorted by its slug."""
    return tuple(_entry(slug) for slug in slugs())


def _entry(slug: str) -> Entry:
    said = source(slug)
    types = tuple(types_of(said))
    searched = " ".join([slug, said["name"], said["name_zh"], *types]).casefold()
    return Entry(slug, Words(said["name"], said["name_zh"]), said.get("region", "global"), types, searched)


def found(query: str) -> list[Entry]:
    """Returns the sources that have every word of a query in slug, name or a type."""
    words = query.casefold().split()
    return [entry for entry in entries() if all(word in entry.searched for word in words)]


@blueprint.get("/sources")
def show_sources() -> str:
    """Shows the sources that a search finds, all where nothing is searched for."""
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    chosen = found(query)
    groups = [(title, [entry for entry in chosen if entry.region == region]) for region, title in GROUPS]
    return render_template(
        "sources.html",
        query=query,
        groups=[(title, listed) for title, listed in groups if listed],
        count=len(chosen),
        total=len(entries()),
        is_open=len(chosen) <= OPENED_AT_ONCE,
    )


def _toml(value: Any) -> str:
    """Writes a value of a channel's table; JSON's texts and lists are TOML's too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)
