"""The simulator's chat view in a browser: every platform that sends is seen there, at once, in both languages and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from app.core.sending import AccountSender, Recipient, Sender
from app.pipeline.channels import Channel
from sandbox.platforms import by_slug, simulated_platforms
from sandbox.platforms.smtp.server import MailServer
from sandbox.platforms.wechat_component import authorisations
from tests.browser.stage import PHONE, Stage, Visitor, simulated_accounts
from tests.browser.test_every_page import UNNAMED, WIDER
from tests.platforms.sample_channels import first_message, sample_channels, senders
from tests.platforms.sending import sending

pytestmark = pytest.mark.services

SendFirst = Callable[[Channel, str], None]


@pytest.fixture
def sending_channels(stage: Stage) -> Iterator[dict[str, Channel]]:
    """Give the sample channels that send to this stage's simulator and to a mail server beside it."""
    mail = MailServer(stage.sandbox.state)
    accounts = {**simulated_accounts(stage.sandbox), "SMTP_PORT": str(mail.port)}
    yield senders(sample_channels(accounts))
    mail.stop()


def view(visitor: Visitor, path: str = "/inbox") -> Page:
    visitor.page.goto(visitor.stage.sandbox.url + path)
    return visitor.page


@pytest.fixture
def send_first(stage: Stage) -> SendFirst:
    """Send a platform's example with another text; for an account of others with a token that it hands out."""

    def send(channel: Channel, text: str) -> None:
        example = first_message(by_slug()[channel.spec.slug])
        sender = channel.as_capability(Sender)
        assert sender is not None
        made = sending(channel.connector, channel.http)
        if isinstance(sender, AccountSender):
            made.app_token = authorisations.new_tokens(stage.sandbox.state, authorisations.ACCOUNT)[0]
        made.send(replace(example.message, text=text), example.to or Recipient(sender.recipient_kinds[0]))

    return send


def test_every_platform_that_sends_says_how_and_no_other_does(sending_channels: dict[str, Channel]):
    assert sorted(sending_channels) == sorted(
        each.slug for each in simulated_platforms() if each.first_message
    )
    assert all(
        first_message(by_slug()[slug]).channel == channel.name for slug, channel in sending_channels.items()
    )


def test_what_each_platform_sends_appears_without_a_reload(
    visitor: Visitor, sending_channels: dict[str, Channel], send_first: SendFirst
):
    page = view(visitor)
    expect(page.get_by_role("heading", level=2)).to_have_text("No messages yet")
    for slug, channel in sending_channels.items():
        send_first(channel, f"Good morning from {slug}")
    conversations = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    for slug in sending_channels:
        entry = conversations.filter(has_text=f"Good morning from {slug}").first
        expect(entry).to_be_visible()
        entry.click()
        expect(page.locator(".bubble").last).to_contain_text(f"Good morning from {slug}")
    page.locator(".raw summary").last.click()
    expect(page.locator(".raw pre").last).to_be_visible()


def test_an_opened_request_stays_open_while_others_arrive(
    visitor: Visitor, sending_channels: dict[str, Channel], send_first: SendFirst
):
    channel = next(iter(sending_channels.values()))
    send_first(channel, "the first one")
    page = view(visitor)
    page.locator(".raw summary").click()
    send_first(channel, "the second one")
    expect(page.locator(".bubble")).to_have_count(2)
    expect(page.locator(".raw").first).to_have_attribute("open", "")
    assert page.evaluate(UNNAMED) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_shows_the_list_or_one_conversation(
    locale: str,
    new_visitor: Callable[..., Visitor],
    sending_channels: dict[str, Channel],
    send_first: SendFirst,
):
    for slug, channel in sending_channels.items():
        send_first(channel, f"{slug} " + "Averylongwordwithoutanyblank" * 6)
    page = view(new_visitor(viewport=PHONE, is_mobile=True, locale=locale))
    expect(page.locator(".talk")).to_be_hidden()
    assert page.evaluate(WIDER) <= 0
    page.locator(".conversations a").first.click()
    expect(page.locator(".conversations")).to_be_hidden()
    expect(page.locator(".bubble").first).to_be_visible()
    assert page.evaluate(WIDER) <= 0
    page.locator(".back").click()
    expect(page.locator(".conversations")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("消息" if locale == "zh-CN" else "Messages")
