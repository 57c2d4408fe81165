"""The set-up pages of WeCom and its relatives: what they tell people to paste opens a channel, alike in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import platforms
from app.config.channels import parse_channels
from app.pipeline.channels import open_channels

PAGES = Path(__file__).parents[3] / "docs" / "platforms"
SLUGS = ("wecom", "wechat-web", "wechat-mini", "wechat-component", "wecom-suite", "wecom-aibot")
LANGUAGES = ("md", "zh-CN.md")


def written(slug: str, language: str) -> str:
    return (PAGES / f"{slug}.{language}").read_text("utf-8")


def table(text: str) -> str:
    (found,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_table_of_a_page_opens_a_channel_with_nothing_off(slug: str) -> None:
    text = table(written(slug, "md"))
    values = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), ("5f1c9d27b3e84a60" * 3)[:43])
    channels, unusable = open_channels(parse_channels(text, values).channels, platforms.discover())
    channel = channels.get(slug)
    assert unusable == []
    assert channel is not None
    assert channel.off == {}


@pytest.mark.parametrize("slug", SLUGS)
def test_both_languages_say_the_same_in_code(slug: str) -> None:
    english, chinese = (written(slug, language) for language in LANGUAGES)
    blocks = r"```\w+\n(.*?)```"
    without_comments = [
        [re.sub(r"//[^\n]*", "", block) for block in re.findall(blocks, text, re.DOTALL)]
        for text in (english, chinese)
    ]
    assert without_comments[0] == without_comments[1]
    assert [len(re.findall(mark, english)) for mark in ("\n## ", r"\n\|")] == [
        len(re.findall(mark, chinese)) for mark in ("\n## ", r"\n\|")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_names_addresses_that_exist(slug: str, language: str) -> None:
    known = (
        f"/webhooks/{slug}",
        f"/webhooks/{slug}/",
        f"/oauth/{slug}/start",
        "/api/v1/mini-program/wechat-mini/login",
    )
    found = set(re.findall(r"https://gate\.example\.com(/[\w/-]+)", written(slug, language)))
    assert found
    assert found <= set(known)
