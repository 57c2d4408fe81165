"""The files of the catalogue: every one is in order and says where it was read, and the pages and commands say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.presets import presets_group
from app.platforms import discover
from app.platforms.oauth2.tables import presets
from app.wire.logins.hints import HINTS
from app.wire.logins.pages import LIST, ROOT, list_text
from app.wire.logins.settings import settings_of
from tests.logins.conftest import SLUGS, keys_of
from tests.logins.replaying import opened

WANTED = [
    "qq",
    "qq_mini",
    "weibo",
    "douyin",
    "baidu",
    "huawei",
    "dingtalk",
    "wecom",
    "wechat_open",
    "google",
    "apple",
    "gitlab",
    "bitbucket",
    "slack",
    "discord",
    "linkedin",
    "figma",
    "atlassian",
    "x",
    "okta",
    "keycloak",
    "casdoor",
    "jd",
    "alipay",
    "kuaishou",
    "xiaomi",
    "taobao",
    "bilibili",
    "entra",
    "facebook",
    "line",
    "notion",
    "twitch",
    "logto",
]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_file_is_in_order_and_opens_a_channel(slug: str):
    login = presets()[slug]
    assert login.facts
    assert login.note == "" or login.note_zh
    for name, said in settings_of(login).items():
        assert said.label, name
        assert said.label_zh, name
    keys = {
        name: value
        for name, value in keys_of(slug, "https://login.example.com").items()
        if name not in ("platform", "base", "preset")
    }
    assert opened(slug, keys).engine.login.slug == slug


@pytest.mark.parametrize("slug", SLUGS)
def test_every_address_of_a_provider_is_on_https_and_on_its_own_hosts(slug: str):
    login = presets()[slug]
    calls = [
        login.authorize,
        login.authorize.in_app,
        login.token,
        login.refresh,
        login.user,
        login.email,
        login.revoke,
    ]
    urls = [each.url for each in (*calls, login.app_token, *login.steps) if each is not None and each.url]
    for url in urls:
        assert url.startswith(("https://", "{base_url}/")), url
        assert not login.hosts or url.split("/")[2] in login.hosts, url


def test_names_and_other_names_are_each_taken_once():
    names = [*SLUGS, *(alias for login in presets().values() for alias in login.aliases)]
    assert sorted(names) == sorted(set(names))


def test_the_wanted_ones_are_there():
    assert [slug for slug in WANTED if presets().find(slug) is None] == []


def test_the_list_is_that_of_the_files():
    assert (ROOT / LIST).read_text(encoding="utf-8") == list_text(presets().values()), (
        "run `make example-files`"
    )


@pytest.mark.parametrize(("file", "words"), [("README.md", "59 logins"), ("README.zh-CN.md", "59 种"), ("docs/logins.md", "brings 59"), ("docs/logins.zh-CN.md", "自带 59")])  # fmt: skip
def test_the_pages_count_them_right(file: str, words: str):
    text = (ROOT / Path(file)).read_text(encoding="utf-8")
    assert words.replace("59", str(len(SLUGS))) in text


def test_every_hint_has_a_cure_in_both_languages():
    words = {"name": "N", "console": "C", "redirect_uri": "R"}
    for hint in HINTS.values():
        assert hint.sentence.format(**words) != hint.sentence_zh.format(**words)
        assert not hint.sentence_zh.isascii()


def run(services: Any, *words: str) -> Any:
    return CliRunner().invoke(presets_group(services), list(words))


@pytest.fixture
def services(all_logins: Any) -> Any:
    return all_logins.services


def test_the_commands_list_and_show(services: Any):
    listed = json.loads(run(services, "list", "--json").output)
    assert [each["slug"] for each in listed] == SLUGS
    assert f"{len(SLUGS)} logins" in run(services, "list").output
    shown = run(services, "show", "wechat_open").output
    assert "open.weixin.qq.com" in shown
    assert f"{services.settings.public_base_url}/oauth/<channel>/callback" in shown
    told = json.loads(run(services, "show", "entra", "--json").output)
    assert told["keys"]["client_secret"] == {
        "label": "The application's secret.", "label_zh": "应用的密钥。", "needed": True, "secret": True,
    }  # fmt: skip
    assert run(services, "show", "nobody").exit_code == 1


def test_a_presets_people_are_those_of_the_platform_with_code():
    keys = {"client_id": "c", "client_secret": "client-secret-01", "base_url": "https://git.example.com/sub"}
    engine = opened("gitlab", keys).engine
    values = engine.values({}, {"claims": {"sub": "42"}, "user": {}}, now=0)
    known = engine.who.read(values, engine.told())
    coded = discover()["gitlab"]
    account: Any = coded.open("x", coded.settings.model_validate(keys))
    assert known.issuer == account.issuer
    assert (known.subject_kind, known.subject) == ("id", "42")
