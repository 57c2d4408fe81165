"""Logging in and out through the pages, as a person does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.stage import Stage, Visitor, allow_everything

pytestmark = pytest.mark.services
REFUSED = "the server responded with a status of 400"


def test_a_person_logs_in_with_feishu_and_reads_their_name(visitor: Visitor):
    page = visitor.log_in("Feishu")
    expect(page.locator("#person-name")).to_have_text("林晓")
    expect(page.locator("#person-channel")).to_have_text("through Feishu")
    expect(page.locator("#avatar img")).to_be_visible()
    expect(page.locator("#signed-out")).to_be_hidden()


def test_a_person_logs_in_with_wechat(visitor: Visitor):
    page = visitor.log_in("WeChat")
    expect(page.locator("#person-name")).to_have_text("林晓")
    expect(page.locator("#person-facts")).to_contain_text("open_id")


def test_the_newest_balance_is_read_from_the_platform(visitor: Visitor, stage: Stage):
    page = visitor.log_in("OAuth2")
    expect(page.locator("#person-facts")).to_contain_text("750.00")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Top up").click()
    opened.value.locator("button[name=amount]").first.click()
    expect(opened.value.locator(".balance")).to_contain_text("760.00")
    opened.value.close()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#account-message")).to_have_text("Read from the platform just now.")
    expect(page.locator("#person-facts")).not_to_contain_text("750.00")


def test_a_person_who_refuses_reads_what_happened_and_may_start_again(new_visitor: Callable[..., Visitor]):
    visitor = new_visitor(expects=(REFUSED,))
    page = visitor.open()
    page.get_by_role("link", name="Log in with Feishu").click()
    page.locator("button[value=deny]").click()
    expect(page.get_by_role("heading")).to_have_text("Login not finished")
    expect(page.get_by_text("The login was cancelled")).to_be_visible()
    page.get_by_role("link", name="Start again").click()
    allow_everything(page)
    expect(page.locator("#person-name")).to_have_text("林晓")


def test_a_refusal_is_worded_in_chinese_for_those_who_read_it(new_visitor: Callable[..., Visitor]):
    page = new_visitor(locale="zh-CN", expects=(REFUSED,)).open()
    page.get_by_role("link", name="使用飞书登录").click()
    page.locator("button[value=deny]").click()
    expect(page.get_by_role("heading")).to_have_text("登录未完成")
    expect(page.get_by_text("登录已取消")).to_be_visible()


def test_logging_out_ends_the_session_here_and_on_the_server(visitor: Visitor):
    page = visitor.log_in("Feishu")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#account-message")).to_have_text("You are logged out.")
    page.reload()
    expect(page.locator("#signed-out")).to_be_visible()
    expect(page.locator("#signed-in")).to_be_hidden()
