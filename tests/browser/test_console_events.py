"""The console's pages about events in a real browser: new rows appear, the keyboard is enough, a phone shows everything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import count

import pytest
import requests
from playwright.sync_api import Page, expect

from sandbox.platforms.callback.signer import body_headers
from tests.browser.stage import PHONE, Stage, Visitor
from tests.browser.test_every_page import UNNAMED, WIDER
from tests.builders import envelope

pytestmark = pytest.mark.services
NUMBERS = count(1)


def send(stage: Stage, **changes: object) -> str:
    """Send a signed event and return its key."""
    key = f"evt_console_{next(NUMBERS)}"
    body = json.dumps(envelope(key, "payment_notify", **changes)).encode()
    secret = stage.sandbox.settings.credentials["CALLBACK_SECRET"]
    headers = {"Content-Type": "application/json", **body_headers(secret, body)}
    answer = requests.post(f"{stage.url}/webhooks/callback", data=body, headers=headers, timeout=20)
    assert answer.status_code == 200
    return key


def heard(page: Page) -> None:
    """Wait until the page's script runs and hears keys: it has put the times into the reader's zone then."""
    expect(page.locator("time[title]").first).to_be_visible()


@pytest.fixture
def reader(new_visitor: Callable[..., Visitor]) -> Visitor:
    return new_visitor()


def test_an_event_that_arrives_is_announced_and_moves_nothing_until_it_is_wanted(
    reader: Visitor, stage: Stage
) -> None:
    page = reader.operate("/console/events?channel=callback")
    key = send(stage)
    page.reload()
    row = page.locator("tbody tr", has_text=key)
    expect(row).to_be_visible()
    expect(row).to_contain_text("succeeded")
    row.locator("a.row-link").focus()
    before = row.bounding_box()
    later = send(stage)
    news = page.get_by_role("button", name="1 new event – show")
    expect(news).to_be_visible()
    assert row.bounding_box() == before
    expect(row.locator("a.row-link")).to_be_focused()
    last = send(stage)
    page.get_by_role("button", name="2 new events – show").click()
    expect(page.locator("tbody tr", has_text=later)).to_be_visible()
    expect(page.locator("tbody tr", has_text=last).locator("a.row-link")).to_be_focused()
    expect(page.locator(".news button")).to_have_count(0)


def test_the_keyboard_walks_through_events_and_replays_one_with_a_reason(
    reader: Visitor, stage: Stage
) -> None:
    older, newer = send(stage), send(stage)
    page = reader.operate("/console/events?type=payment_notify")
    heard(page)
    page.keyboard.press("/")
    page.keyboard.type(newer)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=evt_console"))
    page.locator("a.row-link").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dd", has_text=newer)).to_be_visible()
    reader.open(re.sub(r"\?.*", "", page.url).removeprefix(stage.url))
    heard(page)
    page.keyboard.press("j")
    expect(page.locator("dd", has_text=older)).to_be_visible()
    heard(page)
    page.keyboard.press("k")
    expect(page.locator("dd", has_text=newer)).to_be_visible()
    page.get_by_role("link", name="Replay …").press("Enter")
    expect(page.locator("input[name=reason]")).to_be_focused()
    page.keyboard.type("the books were closed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It runs again")
    expect(page.locator(".attempts").first).to_contain_text("replayed by hand")
    page.goto(f"{stage.url}/console/audit?action=events.replayed")
    expect(page.locator("tbody tr").first).to_contain_text("the books were closed")


def test_times_are_typed_where_the_reader_is_and_travel_as_utc(
    new_visitor: Callable[..., Visitor], stage: Stage
) -> None:
    page = new_visitor(timezone_id="Asia/Shanghai").operate("/console/events")
    page.locator("input[name=since]").fill("2026-11-29T09:30")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(f"{stage.url}/console/events?since=2026-11-29T01%3A30%3A00.000Z")
    expect(page.locator("input[name=since]")).to_have_value("2026-11-29T09:30")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_every_page_fits_a_phone_and_names_its_controls(
    locale: str, new_visitor: Callable[..., Visitor], stage: Stage
) -> None:
    key = send(stage, data={"user_id": "user_1", "note": "Averylongwordwithoutanyblank" * 20})
    requests.post(f"{stage.url}/webhooks/callback", data=b"{}", headers={"X-Signature": "0" * 64}, timeout=20)
    visitor = new_visitor(
        viewport=PHONE,
        is_mobile=True,
        locale=locale,
    )
    page = visitor.operate(f"/console/events?q={key}")
    event = page.locator("a.row-link").first.get_attribute("href") or ""
    event = event.partition("?")[0]
    pages = [event, *(f"{event}/{name}" for name in ("proof", "curl", "replay"))]
    pages += [
        f"/console/{name}" for name in ("events", "dead-letters", "rejections", "destinations", "audit")
    ]
    for path in [*pages, "/console/rejections/1", "/console/replay?state=succeeded"]:
        visitor.open(path)
        assert page.locator("h1").count() == 1, path
        assert page.evaluate(WIDER) <= 0, path
        assert page.evaluate(UNNAMED) == [], path
