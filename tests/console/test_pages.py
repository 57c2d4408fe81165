"""Every page of the console: it opens, empty and filled, in both languages, and shows what comes from outside as text."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.config.channels import parse_channels
from app.core.roles import Role
from app.pipeline.api_tokens import NewToken, create_api_token, find_caller
from app.pipeline.binding.codes import create_bind_code
from app.pipeline.operators.console_people import add_console_person
from app.pipeline.sending.notices import open_notification
from app.pipeline.sending.notifications import notification_routes
from app.pipeline.services import Services
from app.storage.bans import Ban, list_bans, write_ban
from app.storage.database.db import Database
from tests.builders import FrozenClock, exchange, make_services
from tests.console.conftest import OTHERS_PASSWORD
from tests.console.desk import BASE_URL, PASSWORD, Desk

pytestmark = pytest.mark.backends("sqlite")

CHANNELS = """
[channels.robot]
platform = "wecom"
robot_key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
[channels.wechat]
platform = "wechat"
app_id = "wx1234567890abcdef"
app_secret = "s3cret-app"
token = "gatewayToken01"
[[notifications]]
name = "deaths"
match = ["callgate:dispatch.dead"]
channels = ["robot"]
text = "{{ event.data.route }} <b>died</b>"
"""


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Services:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    made = make_services(database, channels=CHANNELS, env=env, clock=clock)
    [config] = parse_channels(CHANNELS, {}).notifications
    exchange(made, notifications=notification_routes(made, [open_notification(config, Path())]))
    return made


def plain_pages(app: Flask) -> list[str]:
    """Return the addresses of the pages that need no name."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console/")]
    found = [rule.rule for rule in rules if not rule.arguments and "GET" in (rule.methods or ())]
    return sorted(
        page
        for page in found
        if "sign-in" not in page and page not in {"/console/live", "/console/audit.csv"}
    )


def test_every_page_opens_in_both_languages(app: Flask, admin: Desk) -> None:
    for page in plain_pages(app):
        for language in ("en", "zh-CN"):
            text = admin.text(page, **{"Accept-Language": language})
            assert f'<html lang="{language}">' in text, page
            assert text.count("<h1>") == 1, page


def test_every_line_of_the_menu_leads_to_a_page_that_names_it(admin: Desk) -> None:
    lines = re.findall(r'<li><a href="(/console/[^"]*)"', admin.text("/console/"))
    assert len(lines) >= 5
    for line in lines:
        assert f'href="{line}" aria-current="page"' in admin.text(line), line


def test_a_viewer_is_offered_no_button_that_is_refused(viewer: Desk, app: Flask) -> None:
    own = {"/console/sign-out", "/console/account/password", "/console/account/sessions/end"}
    for page in plain_pages(app):
        answer = viewer.open(page)
        if answer.status_code == 200 and page != "/console/messages/new":
            forms = re.findall(r'method="post" action="([^"]+)"', answer.get_data(as_text=True))
            assert set(forms) <= own, page


def test_pages_allow_nothing_but_our_own_files(admin: Desk, app: Flask) -> None:
    for page in plain_pages(app):
        answer = admin.open(page)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        text = answer.get_data(as_text=True)
        assert not re.search(r'<script(?![^>]*src=)|\sstyle="|\son[a-z]+="|<style', text), page
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_message_is_sent_and_its_page_shows_it(admin: Desk) -> None:
    fields = {"channel": "robot", "to": "", "title": "", "text": "Hello", "format": "text"}
    sent = admin.post("/console/messages/new", fields)
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert "console:admin" in admin.text(page)
    assert page in admin.text("/console/messages")
    assert admin.post(f"{page}/stop").status_code == 303
    assert "No more of this message" in admin.text(f"{page}?done=message_stopped")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"channel": "nobody"}, 400),
        ({"to": "nonsense"}, 400),
        ({"text": "x" * 300_000}, 413),
        ({"format": "x"}, 400),
    ],
)
def test_a_message_that_cannot_be_sent_comes_back_with_what_was_written(
    admin: Desk, fields: dict[str, str], status: int
) -> None:
    given = {"channel": "robot", "to": "", "title": "My title", "text": "Hello", "format": "text"} | fields
    answer = admin.post("/console/messages/new", given)
    assert answer.status_code == status
    assert status == 413 or 'value="My title"' in answer.get_data(as_text=True)


def test_a_notification_is_shown_before_it_is_sent(admin: Desk) -> None:
    page = admin.text("/console/notifications/deaths")
    assert "&lt;b&gt;died&lt;/b&gt;" in page
    assert admin.open("/console/notifications/nobody").status_code == 404
    assert admin.open("/console/notifications/deaths?event=" + "f" * 32).status_code == 404
    assert "/console/messages/" in admin.post("/console/notifications/deaths/test").headers["Location"]


def test_a_bind_code_is_made_and_watched(admin: Desk) -> None:
    made = admin.post("/console/bind-codes", {"app": "crm", "channel": "wechat", "ttl": "600"})
    assert made.status_code == 303
    assert "waiting to be scanned or typed" in admin.text(made.headers["Location"])
    for wrong in ({"ttl": "x"}, {"ttl": "9" * 9}, {"app": "no such/app"}, {"channel": "robot"}):
        fields = {"app": "crm", "channel": "wechat", "ttl": ""} | wrong
        assert admin.post("/console/bind-codes", fields).status_code in (400, 404), wrong


def test_a_code_is_found_as_it_was_typed(services: Services, admin: Desk) -> None:
    made = create_bind_code(services, app="crm", channel_name="wechat")
    assert made.bindcode.code in admin.text(f"/console/bind-codes/{made.bindcode.code.lower()}")
    assert admin.open("/console/bind-codes/NOBODY99").status_code == 404


def test_an_api_token_is_shown_once_and_works_until_it_is_revoked(services: Services, admin: Desk) -> None:
    made = admin.post("/console/api-tokens", {"name": "crm", "scopes": ["read", "send"], "days": "30"})
    found = re.search(r"cga_[A-Za-z0-9_-]{20,}", made.get_data(as_text=True))
    assert found is not None
    caller = find_caller(services, found[0])
    assert caller is not None
    assert caller.scopes == {"read", "send"}
    page = admin.text("/console/api-tokens")
    assert found[0] not in page
    revoke = re.search(r'action="(/console/api-tokens/[0-9a-f]+/revoke)"', page)
    assert revoke is not None
    assert admin.post(revoke[1]).status_code == 303
    assert find_caller(services, found[0]) is None


def test_an_api_token_is_revoked_by_its_id_alone(services: Services, admin: Desk) -> None:
    _, text = create_api_token(services, NewToken("crm", ["read"]), actor="terminal")
    for other in ("crm", text[:10], "0" * 32):
        assert admin.post(f"/console/api-tokens/{other}/revoke").status_code == 404
    assert find_caller(services, text) is not None


@pytest.mark.parametrize(
    "fields", [{"days": "0"}, {"days": "x"}, {"scopes": ["everything"]}, {"name": ""}, {"rate": "fast"}]
)
def test_a_bad_api_token_is_not_made(admin: Desk, fields: dict[str, object]) -> None:
    answer = admin.post("/console/api-tokens", {"name": "crm", "scopes": ["read"], "days": ""} | fields)
    assert answer.status_code == 400
    assert "cga_" not in answer.get_data(as_text=True)


def test_api_tokens_are_for_admins(operator: Desk) -> None:
    assert operator.open("/console/api-tokens").status_code == 403
    assert operator.post("/console/api-tokens", {"name": "x", "scopes": ["read"]}).status_code == 403


def test_a_banned_address_is_shown_and_let_in_again(
    services: Services, admin: Desk, clock: FrozenClock
) -> None:
    now = clock.now()
    with services.database.begin() as tx:
        write_ban(tx, Ban("203.0.113.9", "bad_signature", 1, now, now + timedelta(minutes=10)))
    assert "203.0.113.9" in admin.text("/console/bans")
    assert admin.post("/console/bans/lift", {"address": "203.0.113.9"}).status_code == 303
    with services.database.read() as tx:
        assert not list_bans(tx, now)
    assert admin.post("/console/bans/lift", {"address": "nonsense"}).status_code == 400


def test_what_a_viewer_may_not_see_is_not_in_the_menu(viewer: Desk) -> None:
    assert "/console/operators" not in viewer.text("/console/")


def test_names_are_shown_as_text(services: Services, admin: Desk) -> None:
    add_console_person(services, "x@y.z", OTHERS_PASSWORD, Role.VIEWER, actor="<script>")
    assert "<script>alert" not in admin.text("/console/operators?done=<script>alert(1)</script>")


def test_a_view_is_saved_for_oneself_and_removed(admin: Desk, viewer: Desk) -> None:
    saved = admin.post("/console/views", {"page": "messages", "name": "Failed <b>", "query": "state=failed"})
    assert saved.status_code == 303
    page = admin.text("/console/messages?state=failed")
    assert 'href="/console/messages?state=failed" aria-current="true">Failed &lt;b&gt;' in page
    assert "Failed &lt;b&gt;" not in viewer.text("/console/messages")
    assert admin.post("/console/views/remove", {"page": "messages", "name": "Failed <b>"}).status_code == 303
    assert "Failed &lt;b&gt;" not in admin.text("/console/messages")


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 65}, {"page": "nowhere"}, {"name": "nul\0"}])
def test_a_view_that_cannot_be_saved_says_so(admin: Desk, fields: dict[str, str]) -> None:
    given = {"page": "messages", "name": "ok", "query": "state=failed"} | fields
    assert admin.post("/console/views", given).status_code == 400


def test_there_is_an_end_to_saved_views(admin: Desk) -> None:
    token = admin.token()
    answers = [
        admin.post(
            "/console/views", {"page": "messages", "name": f"v{n}", "query": "state=sent"}, token=token
        )
        for n in range(51)
    ]
    assert [each.status_code for each in answers] == [303] * 50 + [409]


@pytest.mark.parametrize("page", ["events", "rejections", "messages", "dead-letters", "audit"])
def test_a_time_of_the_address_stays_in_the_filters_and_can_be_saved(admin: Desk, page: str) -> None:
    text = admin.text(f"/console/{page}?since=2026-01-31T08:00:00Z")
    assert 'name="since" value="2026-01-31T08:00" data-utc="2026-01-31T08:00:00Z"' in text
    assert "/static/console/filters.js" in text
    assert 'name="query" value="since=2026-01-31T08%3A00%3A00Z"' in text
