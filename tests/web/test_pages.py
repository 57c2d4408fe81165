"""Languages and errors as people meet them in a browser."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.pipeline.services import Services

pytestmark = pytest.mark.backends("sqlite")
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """Return a client of this gateway."""
    return create_app(services=services).test_client()


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB", "en"),
        ("fr-FR,fr;q=0.9", "en"),
        ("", "en"),
        (";;;=", "en"),
    ],
)
def test_a_page_speaks_what_the_browser_asks_for(client, wish, language):
    page = client.get("/", headers={"Accept-Language": wish}).get_data(as_text=True)
    assert f'<html lang="{language}">' in page


def test_a_choice_is_remembered_and_beats_the_browser(client):
    client.get("/?lang=zh-CN")
    assert '<html lang="zh-CN">' in client.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)


def test_an_unknown_language_changes_nothing(client):
    answer = client.get("/?lang=%3Cscript%3E")
    assert '<html lang="en">' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_the_switcher_never_repeats_what_a_login_brought_along(client):
    page = client.get("/oauth/feishu/callback?code=secret-code&state=secret-state", headers=BROWSER)
    assert "secret-" not in page.get_data(as_text=True)
    assert 'href="/?lang=zh-CN"' in page.get_data(as_text=True)


def test_the_switcher_keeps_the_other_parameters(client):
    assert "/?after=1&amp;lang=zh-CN" in client.get("/?after=1").get_data(as_text=True)


def test_a_person_gets_a_page_for_an_address_that_leads_nowhere(client):
    answer = client.get("/nowhere", headers=BROWSER | {"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "页面不存在" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/webhooks/nobody", "/wechat/nobody", "/dev/nothing"])
def test_a_program_gets_json_even_when_it_looks_like_a_browser(client, path):
    assert client.get(path, headers=BROWSER).mimetype == "application/json"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html;q=0.5"])
def test_whoever_does_not_ask_for_a_page_gets_json(client, accept):
    headers = {} if accept is None else {"Accept": accept}
    assert client.get("/nowhere", headers=headers).get_json()["error"] == "not_found"


def test_a_crash_is_a_page_for_people_with_only_a_trace_id(services: Services):
    app = create_app(services=services)

    @app.get("/crash")
    def crash() -> str:
        return str(1 / 0)

    answer = app.test_client().get("/crash", headers=BROWSER)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "Something went wrong here" in page
    assert "ZeroDivisionError" not in page
