"""The pages: both languages, no scripts, nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
import requests

from tests.platforms.feishu.simulator_client import feishu_authorize
from tests.platforms.oauth2.simulator_client import oauth2_authorize
from tests.platforms.samples import modules
from tests.sandbox.server import SandboxServer

PATHS = ("/", "/phone", "/calls", "/sources", "/no-such-page")


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    found = [requests.get(sandbox.url + path, timeout=5) for path in PATHS]
    for client in modules("simulator_client"):
        found += client.pages(sandbox)
    form = {"sample": "feishu|p2p_chat_create", "count": "1"}
    found += [requests.post(f"{sandbox.url}/fire", data=form, timeout=5)]
    return found


def test_no_page_needs_scripts_or_foreign_resources(sandbox: SandboxServer) -> None:
    for page in pages(sandbox):
        assert page.headers["Content-Type"].startswith("text/html"), page.url
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text), page.url
        assert not re.search(r'(src|<link[^>]*href)="https?://', page.text), page.url


@pytest.mark.parametrize("path", PATHS)
def test_every_page_speaks_chinese(sandbox: SandboxServer, path: str) -> None:
    english = requests.get(sandbox.url + path, headers={"Accept-Language": "en"}, timeout=5)
    chinese = requests.get(sandbox.url + path, headers={"Accept-Language": "zh-CN,zh;q=0.9"}, timeout=5)
    assert 'lang="en"' in english.text
    assert 'lang="zh-CN"' in chinese.text
    assert "平台模拟器" in chinese.text


def test_the_chosen_language_is_remembered(sandbox: SandboxServer) -> None:
    with requests.Session() as browser:
        browser.get(f"{sandbox.url}/?lang=zh", timeout=5)
        assert "发送事件" in browser.get(f"{sandbox.url}/", timeout=5).text


def test_hostile_parameters_are_shown_as_text(sandbox: SandboxServer) -> None:
    page = oauth2_authorize(sandbox, scope="<script>alert(1)</script>", auto_authorize="<b>")
    assert "<script>" not in page.text
    page = feishu_authorize(sandbox, scope="<script>alert(1)</script>")
    assert "&lt;script&gt;" in page.text


def test_a_common_fault_is_set_and_cleared_with_one_press(sandbox: SandboxServer) -> None:
    page = requests.post(f"{sandbox.url}/faults", data={"preset": "busy"}, timeout=5)
    assert "*.token" in page.text
    requests.post(f"{sandbox.url}/faults", data={"preset": ""}, timeout=5)
    assert sandbox.state.faults.waiting() == []


def test_people_have_a_local_picture(sandbox: SandboxServer) -> None:
    picture = requests.get(f"{sandbox.url}/people/maya.svg", timeout=5)
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert requests.get(f"{sandbox.url}/people/nobody.svg", timeout=5).status_code == 404
