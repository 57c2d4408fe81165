"""Both READMEs name every platform once, and the marks behind it are what its connector can do; so does the contract with its keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from app.core.ports import DirectLogin, LoginProvider, SceneCodeSource, WebhookSource
from app.core.sending import Sender
from app.platforms import catalogue, discover
from app.platforms.oauth2.settings import OAuth2Settings
from tests.docs.pages import CONTRACT, READMES, exists, page, rows, section
from tests.platforms.samples import samples

PLATFORMS = {"README.md": "Platforms", "README.zh-CN.md": "平台"}
ENDING = {"README.md": ".md", "README.zh-CN.md": ".zh-CN.md"}
YES, NO = "✓", "–"
EVERY_CHANNEL = {"allow_unsigned"}
MORE = {"wechat-component": {"login_app_ids": ["wx5a4db0c0ffee0009"]}}
"""Keys without which a platform's sample cannot do everything that the platform can."""
DATA = {"described by data", "由数据描述"}
LINK = re.compile(r"\]\(([^)]+)\)")


@cache
def can(slug: str, protocol: type[Any]) -> bool:
    """Say whether some channel of this platform has a capability."""
    found = [
        replace(each, settings={**each.settings, **MORE.get(slug, {})})
        for each in samples()
        if each.slug == slug
    ]
    return any(isinstance(sample.open(), protocol) for sample in found)


def logs_in(slug: str) -> bool:
    return can(slug, LoginProvider) or can(slug, DirectLogin)


def takes_callbacks(slug: str) -> bool:
    return can(slug, WebhookSource)


def sends(slug: str) -> bool:
    return can(slug, Sender)


def binds(slug: str) -> bool:
    return can(slug, SceneCodeSource)


def table(readme: str) -> list[list[str]]:
    return rows(section(readme, PLATFORMS[readme]))


def named(readme: str) -> dict[str, list[str]]:
    """Return the row of each platform with code."""
    found: dict[str, list[str]] = {}
    for row in table(readme):
        if any(words in row[0] for words in DATA):
            continue
        for slug in re.findall(r"`([^`]+)`", row[1]):
            assert slug not in found, f"{slug} has two rows"
            found[slug] = row
    return found


@pytest.mark.parametrize("readme", READMES)
def test_every_platform_has_one_row(readme: str) -> None:
    assert set(named(readme)) == set(discover())


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("slug", discover())
def test_a_mark_is_there_when_a_channel_can_do_it(readme: str, slug: str) -> None:
    expected = [YES if able(slug) else NO for able in (takes_callbacks, logs_in, sends, binds)]
    assert named(readme)[slug][2:6] == expected


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("slug", discover())
def test_a_platform_with_a_set_up_page_links_to_it(readme: str, slug: str) -> None:
    written = f"docs/platforms/{slug}{ENDING[readme]}"
    assert LINK.findall(named(readme)[slug][6]) == ([written] if exists(written) else [])


def test_both_tables_have_the_same_rows_in_the_same_order() -> None:
    english, chinese = (
        [re.findall(r"`([^`]+)`", row[1]) + row[2:6] for row in table(each)] for each in READMES
    )
    assert english == chinese


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("README.md", r"Over (\d+) more sources"),
        ("README.zh-CN.md", r"另有 (\d+) 多个由数据描述的来源"),
        ("docs/sources.md", r"brings more than (\d+)"),
        ("docs/sources.zh-CN.md", r"自带 (\d+) 多个"),
    ],
)
def test_the_number_of_sources_is_no_less_and_not_much_more(name: str, words: str) -> None:
    (written,) = re.findall(words, page(name))
    assert 0 <= len(list(catalogue())) - int(written) < 20


def keys_of_contract() -> dict[str, str]:
    """Return the cell of keys for each platform with code."""
    found: dict[str, str] = {}
    for row in rows(section(CONTRACT, "4. Channels file")):
        (slug, *others) = re.findall(r"`([^`]+)`", row[0]) or [""]
        if slug in discover() and not others:
            assert slug not in found, f"{slug} has two rows"
            found[slug] = row[1]
    return found


def test_the_contract_has_one_row_of_keys_for_every_platform() -> None:
    assert set(keys_of_contract()) == set(discover())


@pytest.mark.parametrize("slug", discover())
def test_the_contract_names_the_keys_that_a_platform_takes_and_no_other(slug: str) -> None:
    model = OAuth2Settings if slug == "oauth2" else discover()[slug].settings
    cell = re.sub(r"`scheme` = (`[^`]+` ?)+", "`scheme`", keys_of_contract()[slug])
    written = set(re.findall(r"`([^`]+)`", cell))
    assert written == set(model.model_fields) - EVERY_CHANNEL - not_a_choice(slug)


def not_a_choice(slug: str) -> set[str]:
    """Return keys that a family shares and that this member must leave out."""
    return {"mode"} if slug in {"wechat-component", "wecom-suite", "wecom"} else set()


@pytest.mark.parametrize(
    ("column", "able"), [(2, takes_callbacks), (3, logs_in), (4, sends)], ids=["callbacks", "login", "send"]
)
def test_the_contract_says_nothing_where_a_platform_can_do_nothing(
    column: int, able: Callable[[str], bool]
) -> None:
    for row in rows(section(CONTRACT, "4. Channels file")):
        slugs = re.findall(r"`([^`]+)`", row[0])
        if len(slugs) == 1 and slugs[0] in discover():
            assert (row[column] != NO) == able(slugs[0]), slugs[0]
