"""Makes the pictures of the README: `python -m tests.browser.screenshots docs/images`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect

from tests.browser.stage import PHONE, Stage, Visitor, allow_everything, open_browser, open_stage

SENT = (
    ("feishu", "contact.user.created_v3"),
    ("webhooks", "invoice.paid"),
    ("wechat", "message.text"),
    ("feishu", "card.action.trigger"),
    ("callback", "user_authorized"),
    ("callback", "payment_notify"),
)
SENT_TWICE = "user_authorized"


def main() -> None:
    """Write every picture into the folder that is named."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place, open_browser() as browser, open_stage(Path(place)) as stage:
        show_events(Visitor(browser, stage).open())
        front(browser, stage, "en-US", "Log in with Feishu", folder / "front-en.png")
        front(browser, stage, "zh-CN", "使用飞书登录", folder / "front-zh.png")
        bind(browser, stage, folder / "bind-phone.png")


def show_events(page: Page) -> None:
    """Let some callbacks arrive."""
    expect(page.locator("#send-button")).to_be_enabled()
    for channel, event_type in SENT:
        page.locator("#send-channel").select_option(channel)
        page.locator("#send-type").select_option(event_type)
        page.locator("#send-twice").set_checked(event_type == SENT_TWICE)
        page.locator("#send-button").click()
        expect(page.locator("#rows-events .row").first).to_contain_text(event_type)


def front(browser: Browser, stage: Stage, locale: str, link: str, file: Path) -> None:
    """Show the front page with somebody logged in and one event open."""
    visitor = Visitor(
        browser, stage, locale=locale, viewport={"width": 1280, "height": 800}, device_scale_factor=2
    )
    page = visitor.open()
    page.get_by_role("link", name=link).click()
    allow_everything(page)
    expect(page.locator("#avatar img")).to_be_visible()
    expect(page.locator("#rows-events .row")).to_have_count(len(SENT))
    page.locator("#rows-events .row-head").nth(2).click()
    page.locator("#rows-events pre").first.wait_for()
    take(page, file)
    visitor.leave()


def bind(browser: Browser, stage: Stage, file: Path) -> None:
    """Show the page a phone shows to bind somebody."""
    visitor = Visitor(browser, stage, locale="zh-CN", viewport=PHONE, device_scale_factor=2, is_mobile=True)
    page = visitor.open()
    page.locator("#bind-start").click()
    page.locator("#bind-page").wait_for()
    page.goto(page.locator("#bind-page").get_attribute("href") or "")
    page.locator(".bind-qr").wait_for()
    take(page, file)
    visitor.leave()


def take(page: Page, file: Path) -> None:
    """Take the picture when nothing moves any more."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(1800)
    page.screenshot(path=file, animations="disabled")


if __name__ == "__main__":
    main()
