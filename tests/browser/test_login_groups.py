"""One button for WeChat: a phone inside WeChat is asked at once, a desktop gets the page with the QR code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.stage import PHONE, Visitor, allow_everything

pytestmark = pytest.mark.services
INSIDE_WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.60 NetType/WIFI"
)


def test_the_front_page_shows_one_button_for_both_channels(visitor: Visitor):
    page = visitor.open()
    expect(page.get_by_role("link", name="Log in with WeChat")).to_have_count(1)


def test_a_phone_inside_wechat_and_a_desktop_end_as_the_same_person(new_visitor: Callable[..., Visitor]):
    phone = new_visitor(viewport=PHONE, is_mobile=True, has_touch=True, user_agent=INSIDE_WECHAT)
    on_phone = phone.open()
    on_phone.get_by_role("link", name="Log in with WeChat").click()
    expect(on_phone.get_by_text("Inside WeChat")).to_be_visible()
    allow_everything(on_phone)
    expect(on_phone.locator("#person-channel")).to_have_text("through WeChat")

    on_desk = new_visitor().open()
    on_desk.get_by_role("link", name="Log in with WeChat").click()
    expect(on_desk.get_by_text("QR code scanned on the website")).to_be_visible()
    allow_everything(on_desk)
    expect(on_desk.locator("#person-channel")).to_have_text("through WeChat QR code")

    ask = "fetch('/api/v1/me').then((answer) => answer.json()).then((person) => person.user_id)"
    assert on_phone.evaluate(ask) == on_desk.evaluate(ask)


def test_a_popup_at_the_group_ends_as_one_at_a_channel_does(visitor: Visitor):
    page = visitor.open()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Log in with WeChat in a popup").click()
    opened.value.locator("button[value=allow]").wait_for()
    allow_everything(opened.value)
    expect(page.locator("#person-channel")).to_have_text("through WeChat QR code")
