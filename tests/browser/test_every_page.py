"""What holds on every page: both languages, no sideways scrolling, labels for everything, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import PHONE, Stage, Visitor, allow_everything

pytestmark = pytest.mark.services
NOT_FOUND = "the server responded with a status of 404"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNNAMED = """[...document.querySelectorAll('button, a, select, input:not([type=hidden])')]
  .filter((each) => each.checkVisibility() && !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
  .map((each) => each.outerHTML)"""


def bind_page(visitor: Visitor) -> Page:
    page = visitor.open()
    page.locator("#bind-start").click()
    page.locator("#bind-page").wait_for()
    page.goto(page.locator("#bind-page").get_attribute("href") or "")
    return page


def refused_login(visitor: Visitor) -> Page:
    page = visitor.open("/oauth/feishu/callback?error=access_denied&state=" + "0" * 40)
    page.locator(".notice").wait_for()
    return page


PAGES: dict[str, Callable[[Visitor], Page]] = {
    "front": lambda visitor: visitor.open("/"),
    "bind": bind_page,
    "refused login": refused_login,
    "after a login": lambda visitor: visitor.open("/oauth/done"),
    "nothing there": lambda visitor: visitor.open("/nothing-here"),
}
EXPECTED = (NOT_FOUND, "the server responded with a status of 400")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_no_page_scrolls_sideways_on_a_phone(name: str, locale: str, new_visitor: Callable[..., Visitor]):
    visitor = new_visitor(viewport=PHONE, is_mobile=True, locale=locale, expects=EXPECTED)
    assert PAGES[name](visitor).evaluate(WIDER) <= 0


def test_an_opened_event_does_not_scroll_sideways_on_a_phone(phone_visitor: Visitor):
    page = phone_visitor.log_in("Feishu")
    expect(page.locator("#send-button")).to_be_enabled()
    page.locator("#send-channel").select_option("feishu")
    page.locator("#send-button").click()
    page.locator("#rows-events .row-head").first.click()
    page.locator("#rows-events pre").first.wait_for()
    assert page.evaluate(WIDER) <= 0


@pytest.mark.parametrize("name", PAGES)
def test_every_control_has_a_name(name: str, new_visitor: Callable[..., Visitor]):
    page = PAGES[name](new_visitor(expects=EXPECTED))
    assert page.evaluate(UNNAMED) == []
    assert page.locator("h1").count() == 1


def test_the_switcher_changes_the_language_and_the_choice_stays(visitor: Visitor):
    page = visitor.open()
    page.get_by_role("link", name="简体中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("网关已启动")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("link", name="使用飞书登录")).to_be_visible()
    visitor.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("网关已启动")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your gateway is running")


def test_a_chinese_browser_reads_chinese_at_once(chinese_visitor: Visitor):
    page = chinese_visitor.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("网关已启动")
    expect(page.locator("#send-type")).to_contain_text("用户授权")


def test_dark_and_light_follow_the_system(new_visitor: Callable[..., Visitor]):
    colours = {
        scheme: new_visitor(color_scheme=scheme)
        .open()
        .evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_a_page_without_scripts_still_logs_in(new_visitor: Callable[..., Visitor], stage: Stage):
    visitor = new_visitor(java_script_enabled=False)
    page = visitor.open()
    page.get_by_role("link", name="Log in with Feishu").click()
    allow_everything(page)
    page.goto(f"{stage.url}/oauth/done")
    expect(page.get_by_role("heading")).to_have_text("You are logged in as 林晓")


def test_a_silent_simulator_is_explained(visitor: Visitor, stage: Stage):
    page = visitor.open()
    expect(page.locator("#send-button")).to_be_enabled()
    page.route("**/dev/fire", lambda route: route.abort())
    page.locator("#send-button").click()
    expect(page.locator("#send-message")).to_have_text("the gateway does not answer")
    visitor.expects = ("net::ERR_FAILED",)
