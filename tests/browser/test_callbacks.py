"""Callbacks and binding through the development page: sent, seen to arrive, opened."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, Visitor

pytestmark = pytest.mark.services


def send(page: Page, channel: str, event_type: str, *, twice: bool = False) -> None:
    page.locator("#send-channel").select_option(channel)
    page.locator("#send-type").select_option(event_type)
    page.locator("#send-twice").set_checked(twice)
    page.get_by_role("button", name="Sign and send").click()


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """Return the front page with an empty list."""
    opened = visitor.open()
    expect(opened.locator("#send-button")).to_be_enabled()
    opened.get_by_role("button", name="Clear the view").click()
    expect(opened.locator("#empty-events")).to_be_visible()
    return opened


def test_a_signed_callback_arrives_and_succeeds_without_a_reload(page: Page):
    send(page, "callback", "payment_notify")
    expect(page.locator(".answer .badge")).to_have_text("200")
    expect(page.locator(".answer pre")).to_contain_text('"status": "accepted"')
    row = page.locator("#rows-events .row").first
    expect(row).to_contain_text("payment_notify")
    expect(row.locator(".badge")).to_have_text("succeeded")


def test_the_same_callback_twice_is_one_event_seen_twice(page: Page):
    send(page, "callback", "user_authorized", twice=True)
    expect(page.locator(".answer")).to_have_count(2)
    expect(page.locator(".answer").last).to_contain_text("already_processed")
    expect(page.locator("#rows-events .row")).to_have_count(1)
    expect(page.locator("#rows-events .copies")).to_have_text("×2")


def test_a_row_opens_to_its_data_headers_and_attempts(page: Page):
    send(page, "feishu", "contact.user.created_v3")
    row = page.locator("#rows-events .row").first
    expect(row.locator(".badge").first).to_have_text("succeeded")
    row.locator(".row-head").click()
    expect(row.locator("pre")).to_contain_text("Lin Xiao")
    expect(row.locator("pre")).to_contain_text('"token": "[redacted]"')
    expect(row.locator(".runs")).to_contain_text("handlers.examples.note_feishu")
    expect(row.locator(".runs")).to_contain_text("attempt 1")
    expect(row.locator(".headers")).to_contain_text("X-Lark-Signature")


def test_an_open_row_stays_open_while_others_arrive(page: Page):
    send(page, "callback", "payment_notify")
    page.locator("#rows-events .row-head").first.click()
    send(page, "callback", "webhook_message")
    expect(page.locator("#rows-events .row")).to_have_count(2)
    expect(page.locator("#rows-events .row-head").last).to_have_attribute("aria-expanded", "true")


def test_a_refused_delivery_is_listed_with_its_reason(page: Page, stage: Stage):
    requests.post(f"{stage.url}/webhooks/callback", data=b"{}", headers={"X-Signature": "0" * 64}, timeout=20)
    page.get_by_role("tab", name="Refused").click()
    row = page.locator("#rows-rejections .row").first
    expect(row).to_contain_text("bad_signature")
    row.locator(".row-head").click()
    expect(row.locator(".row-body")).to_contain_text("POST /webhooks/callback")
    expect(row.locator(".row-body")).to_contain_text("Reason")


def test_the_tabs_are_reached_with_the_keyboard(page: Page):
    page.get_by_role("tab", name="Events").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Refused")).to_be_focused()
    expect(page.locator("#panel-rejections")).to_be_visible()
    expect(page.locator("#panel-events")).to_be_hidden()


def test_scanning_with_the_phone_binds_and_both_pages_show_it(page: Page, visitor: Visitor):
    page.get_by_role("button", name="Bind my WeChat").click()
    expect(page.locator("#bind-detail")).to_have_text("waiting for the scan…")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Bind page").click()
    bind_page = opened.value
    expect(bind_page.locator(".bind-qr")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Scan with the simulated phone").click()
    opened.value.locator("button[value=scan]").click()
    expect(page.locator("#bind-state")).to_have_text("bound")
    expect(page.locator("#bind-detail")).to_contain_text(re.compile(r"^o[\w-]{27}$"))
    expect(bind_page.get_by_text("Your account is bound.")).to_be_visible()
    expect(page.locator("#rows-events")).to_contain_text("subscribe")


def test_the_code_typed_in_the_chat_binds_as_well(page: Page, stage: Stage):
    page.get_by_role("button", name="Bind my WeChat").click()
    code = page.locator("#bind-code")
    expect(code).not_to_be_empty()
    requests.post(
        f"{stage.sandbox.url}/_sandbox/phone",
        json={"person": "maya", "action": "text", "text": f"绑定 {code.inner_text()}"},
        timeout=20,
    )
    expect(page.locator("#bind-state")).to_have_text("bound")
