"""The console's pages of channels in a browser: they fit a phone, go on by themselves, and are used by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, expect

from app.core.roles import Role
from app.pipeline.operators.console_people import add_console_person
from app.storage.database.db import Database
from tests.browser.stage import PHONE, Stage, Visitor
from tests.browser.test_every_page import UNNAMED, WIDER
from tests.builders import make_services

pytestmark = pytest.mark.services
NAME, PASSWORD = "channel-keeper", "Kq8-keeper-of-channels"
LIVE_TO_COME = "404"
PAGES = ("/console/channels", "/console/channels/feishu", "/console/reload", "/console/settings")


@pytest.fixture(scope="session")
def keeper(served: Stage) -> str:
    """Add somebody who may switch channels."""
    database = Database(served.gateway.database_url)
    add_console_person(make_services(database), NAME, PASSWORD, Role.OPERATOR, actor="test")
    database.close()
    return NAME


def sign_in(visitor: Visitor, keeper: str, path: str) -> Page:
    page = visitor.open(f"/console/sign-in?next={path}")
    page.locator("[name=name]").fill(keeper)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"**{path}")
    return page


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_no_page_of_channels_scrolls_sideways_on_a_phone(
    locale: str, keeper: str, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(viewport=PHONE, is_mobile=True, locale=locale, expects=(LIVE_TO_COME,))
    page = sign_in(visitor, keeper, PAGES[0])
    for path in PAGES:
        visitor.open(path)
        for closed in page.locator(".page-head details.drop summary").all():
            closed.click()
        assert (page.evaluate(WIDER), page.evaluate(UNNAMED)) == (0, []), path


def test_what_arrives_is_shown_without_a_reload_and_a_switch_needs_no_mouse(
    stage: Stage, keeper: str, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(expects=(LIVE_TO_COME,))
    page = sign_in(visitor, keeper, "/console/channels/feishu")
    before = page.locator(".arrival").count()
    requests.post(f"{stage.url}/webhooks/feishu", json={"type": "url_verification"}, timeout=10)
    expect(page.locator(".arrival")).to_have_count(before + 1)
    expect(page.locator(".remedy").first).to_be_visible()
    page.locator("summary", has_text="Switch off").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the secret leaked")
    page.keyboard.press("Enter")
    expect(page.locator(".message.bad")).to_contain_text("the secret leaked")
    page.locator("summary", has_text="Switch on").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("mended")
    page.keyboard.press("Enter")
    expect(page.locator(".message.good")).to_be_visible()
