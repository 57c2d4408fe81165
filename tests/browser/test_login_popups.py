"""Logging in through a popup: the page behind it waits as long as the person takes, and notices when they leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.other_site import OtherSite
from tests.browser.stage import Stage, Visitor, allow_everything

pytestmark = pytest.mark.services
NOT_FINISHED = "The login was not finished."
DENIED = "The login was cancelled; start again when you like."
TWENTY_TIMES_AS_FAST = """const { setTimeout: real } = window;
window.setTimeout = (action, milliseconds, ...more) => real(action, milliseconds / 20, ...more);"""
SOMEBODY_LOOKS_AT_THE_POPUP = "document.hasFocus = () => false"
SOMEBODY_LOOKS_AT_THE_PAGE = "document.hasFocus = () => true"
LOG_IN_AS_A_SECOND_PERSON = """async () => {
  const { login } = await import("/static/callgate.js");
  login("account", { popup: true }).then((person) => { document.body.dataset.answered = person.identity.name; });
}"""


def open_popup(page: Page) -> Page:
    """Open the login window and wait for the platform's question in it."""
    with page.expect_popup() as opened:
        button(page).click()
    popup = opened.value
    popup.locator("button[value=allow]").wait_for()
    return popup


def allow(popup: Page) -> None:
    press_what_closes(popup, popup.locator("button[value=allow]"))


def press_what_closes(popup: Page, what: Locator) -> None:
    """Press something after which the popup closes itself, perhaps before Playwright's own click has come to its end."""
    with popup.expect_event("close"):
        what.evaluate("(button) => { setTimeout(() => button.click()) }")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Log in with OAuth2 in a popup")


@pytest.fixture
def cut_off(stage: Stage) -> None:
    """Let the platform's pages carry an opener policy: to the page behind it, an open popup looks closed."""
    policy = {"Cross-Origin-Opener-Policy": "same-origin"}
    stage.sandbox.state.faults.add("oauth2.authorize", "headers", headers=policy)


@pytest.fixture
def fast_page(visitor: Visitor) -> Page:
    """Return the front page of somebody for whom time runs faster."""
    visitor.page.add_init_script(TWENTY_TIMES_AS_FAST)
    return visitor.open()


def test_a_popup_logs_in_and_the_page_behind_it_knows(visitor: Visitor):
    page = visitor.open()
    allow(open_popup(page))
    expect(page.locator("#person-name")).to_have_text("linxiao")
    expect(page.locator("#person-facts")).to_contain_text("750.00")


def test_somebody_slow_logs_in_through_a_popup(visitor: Visitor):
    page = visitor.open()
    popup = open_popup(page)
    popup.wait_for_timeout(5_000)
    expect(page.locator("#account-message")).to_be_hidden()
    allow(popup)
    expect(page.locator("#person-name")).to_have_text("linxiao")


def test_somebody_slow_logs_in_through_a_popup_that_is_cut_off(cut_off: None, visitor: Visitor):
    page = visitor.open()
    popup = open_popup(page)
    popup.wait_for_timeout(5_000)
    expect(page.locator("#account-message")).to_be_hidden()
    allow(popup)
    expect(page.locator("#person-name")).to_have_text("linxiao")


def test_the_platform_has_no_hold_on_the_page_behind_its_popup(visitor: Visitor):
    popup = open_popup(visitor.open())
    assert popup.evaluate("window.opener") is None


def test_a_popup_that_is_closed_leaves_a_word_and_the_buttons(visitor: Visitor):
    page = visitor.open()
    popup = open_popup(page)
    popup.wait_for_timeout(2_000)
    popup.close()
    expect(page.locator("#account-message")).to_have_text(NOT_FINISHED)
    expect(button(page)).to_be_enabled()


def test_a_popup_that_is_cut_off_and_closed_is_noticed_later(cut_off: None, fast_page: Page):
    open_popup(fast_page).close()
    expect(fast_page.locator("#account-message")).to_have_text(NOT_FINISHED)


def test_nobody_gives_up_while_the_person_looks_at_the_popup(cut_off: None, fast_page: Page):
    fast_page.evaluate(SOMEBODY_LOOKS_AT_THE_POPUP)
    open_popup(fast_page)
    fast_page.wait_for_timeout(4_000)
    expect(fast_page.locator("#account-message")).to_be_hidden()
    fast_page.evaluate(SOMEBODY_LOOKS_AT_THE_PAGE)
    expect(fast_page.locator("#account-message")).to_have_text(NOT_FINISHED)


def test_a_login_that_was_given_up_may_still_succeed(cut_off: None, fast_page: Page):
    popup = open_popup(fast_page)
    expect(fast_page.locator("#account-message")).to_have_text(NOT_FINISHED)
    allow(popup)
    expect(fast_page.locator("#person-name")).to_have_text("linxiao")
    expect(fast_page.locator("#account-message")).to_be_hidden()


def test_a_second_popup_takes_the_place_of_the_first(cut_off: None, fast_page: Page):
    open_popup(fast_page).close()
    with fast_page.expect_popup() as opened:
        fast_page.get_by_role("button", name="Log in with Feishu in a popup").click()
    fast_page.wait_for_timeout(4_000)
    expect(fast_page.locator("#account-message")).to_be_hidden()
    allow(opened.value)
    expect(fast_page.locator("#person-name")).to_have_text("林晓")


def test_a_login_that_is_started_again_inside_the_popup_counts(new_visitor: Callable[..., Visitor]):
    page = new_visitor(expects=("the server responded with a status of 400",)).open()
    page.evaluate(SOMEBODY_LOOKS_AT_THE_POPUP)
    popup = open_popup(page)
    popup.locator("button[value=deny]").click()
    popup.get_by_role("link", name="Start again").click()
    allow_everything(popup)
    page.evaluate(SOMEBODY_LOOKS_AT_THE_PAGE)
    expect(page.locator("#person-name")).to_have_text("linxiao")


def test_who_was_logged_in_before_is_not_taken_for_the_answer(cut_off: None, visitor: Visitor):
    page = visitor.log_in("Feishu")
    with page.expect_popup() as opened:
        page.evaluate(LOG_IN_AS_A_SECOND_PERSON)
    opened.value.locator("button[value=allow]").wait_for()
    opened.value.wait_for_timeout(2_000)
    assert page.evaluate("document.body.dataset.answered") is None
    allow(opened.value)
    # A condition in JavaScript would be evaluated again and again, which the page's own policy forbids.
    expect(page.locator("body")).to_have_attribute("data-answered", "linxiao")


def test_a_page_of_another_site_is_told_when_its_popup_has_ended(
    visitor: Visitor, stage: Stage, other_site: OtherSite
):
    page = visitor.page
    page.goto(f"{other_site.url}/app?gateway={stage.url}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Log in").click()
    opened.value.locator("button[value=allow]").wait_for()
    opened.value.wait_for_timeout(4_000)
    expect(page.locator("#said")).to_be_empty()
    allow(opened.value)
    expect(page.locator("#said")).to_have_text("The popup has ended.")


def test_a_denied_popup_tells_the_page_that_opened_it_and_no_other(new_visitor: Callable[..., Visitor]):
    visitor = new_visitor(expects=("the server responded with a status of 400",))
    page = visitor.open()
    popup = open_popup(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.evaluate(SOMEBODY_LOOKS_AT_THE_POPUP)
    waiting = open_popup(other)
    popup.locator("button[value=deny]").click()
    expect(page.locator("#account-message")).to_have_text(DENIED)
    expect(other.locator("#account-message")).to_be_hidden()
    press_what_closes(popup, popup.get_by_role("button", name="Close this window"))
    allow(waiting)
    expect(other.locator("#person-name")).to_have_text("linxiao")
    expect(page.locator("#person-name")).to_have_text("linxiao")


def test_a_denied_popup_that_is_cut_off_tells_its_page_too(
    cut_off: None, new_visitor: Callable[..., Visitor]
):
    page = new_visitor(expects=("the server responded with a status of 400",)).open()
    popup = open_popup(page)
    popup.locator("button[value=deny]").click()
    expect(page.locator("#account-message")).to_have_text(DENIED)


def test_a_page_of_another_site_is_told_why_its_popup_has_failed(
    new_visitor: Callable[..., Visitor], stage: Stage, other_site: OtherSite
):
    page = new_visitor(expects=("the server responded with a status of 400",)).page
    page.goto(f"{other_site.url}/app?gateway={stage.url}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Log in").click()
    opened.value.locator("button[value=deny]").click()
    expect(page.locator("#said")).to_have_text("access_denied")


def test_a_page_of_a_foreign_site_hears_nothing_of_a_popup_for_another_one(
    visitor: Visitor, stage: Stage, other_site: OtherSite
):
    with OtherSite() as foreign:
        page = visitor.page
        page.goto(f"{foreign.url}/app?gateway={stage.url}")
        address = f"{stage.url}/oauth/account/start?mode=popup&next={other_site.url}/app"
        page.evaluate("""window.heard = [];
            window.addEventListener("message", (event) => window.heard.push(event.data))""")
        with page.expect_popup() as opened:
            page.evaluate("(address) => { window.open(address) }", address)
        popup = opened.value
        popup.locator("button[value=allow]").wait_for()
        # Some Chromiums write down that nobody was told.
        visitor.expects = (*visitor.expects, "does not match the recipient window's origin")
        allow(popup)
        assert page.evaluate("window.heard") == []


def test_a_popup_whose_opener_is_gone_closes_all_the_same(visitor: Visitor):
    page = visitor.open()
    popup = open_popup(page)
    page.close()
    allow(popup)


def test_a_login_from_a_page_under_another_address_goes_on_under_the_public_one(
    visitor: Visitor, stage: Stage
):
    page = visitor.page
    page.goto(stage.url.replace("127.0.0.1", "localhost"))
    expect(page.locator("#elsewhere")).to_contain_text(stage.url)
    expect(page.locator("[data-popup]")).to_have_count(0)
    page.goto(f"{stage.url.replace('127.0.0.1', 'localhost')}/oauth/account/start?next=/oauth/done")
    expect(page.get_by_role("heading")).to_have_text("The login goes on here")
    page.get_by_role("link", name="Go on to the login").click()
    allow_everything(page)
    expect(page.get_by_role("heading")).to_have_text("You are logged in as linxiao")
