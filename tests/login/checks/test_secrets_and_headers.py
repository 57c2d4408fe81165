"""Checks 38 and 40-46: what nobody may see, and what every answer says to browsers and caches."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from app.core.errors import ConfigurationError
from app.factory import build_services
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.vault import Vault, VaultError
from app.storage.login.connections import connections
from tests.builders import SECRET_KEY, exchange
from tests.login.browser import BASE_URL, LOGIN_COOKIE
from tests.login.simulated import RETURN_URL, SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

CHANNELS = ("feishu", "wechat", "account")
HTML = {"Accept": "text/html"}
GOOD_PROD = {
    "APP_ENV": "prod",
    "SECRET_KEY": SECRET_KEY,
    "PUBLIC_BASE_URL": BASE_URL,
    "SANDBOX": "0",
}


def issued_secrets(gateway: SimulatedGateway) -> dict[str, str]:
    """Return everything that platforms and gateway keep between themselves."""
    own = gateway.sandbox.settings
    found = {
        "Feishu secret": own["FEISHU_APP_SECRET"],
        "WeChat secret": own["WECHAT_APP_SECRET"],
        "OAuth 2.0 secret": own["OAUTH2_CLIENT_SECRET"],
        "second OAuth 2.0 secret": gateway.second.settings["OAUTH2_CLIENT_SECRET"],
        "Feishu encrypt key": own["FEISHU_ENCRYPT_KEY"],
        "WeChat AES key": own["WECHAT_ENCODING_AES_KEY"],
        "key of the vault": SECRET_KEY,
    }
    state = gateway.sandbox.state
    for kind, values in (
        ("access token", list(state.access_tokens)),
        ("refresh token", list(state.refresh_tokens)),
        ("app token", [token.value for tokens in state.app_tokens.values() for token in tokens]),
        (
            "verifier",
            [call.form["code_verifier"] for call in gateway.calls() if "code_verifier" in call.form],
        ),
    ):
        found |= {f"{kind} {number}": value for number, value in enumerate(values)}
    return found


def shown(answers: list[TestResponse]) -> str:
    return "\n".join(f"{answer.headers}\n{answer.get_data(as_text=True)}" for answer in answers)


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_38_a_browser_never_gets_a_secret_or_a_token_of_the_platform(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    browser.get(f"/oauth/{channel}/start?mode=json")
    browser.log_in(channel)
    csrf = {"X-CSRF-Token": browser.me()["csrf_token"]}
    for path in (
        "/", "/oauth/done", "/.well-known/jwks.json", "/auth/verify", "/api/user/info", "/api/v1/me?fresh=1",
        f"/api/v1/me/identities/{browser.me()['identity']['id']}?fresh=1", "/static/popup.js", "/static/callgate.js",
        "/static/callgate.js.map", "/oauth/account/callback?error=x",
    ):  # fmt: skip
        browser.get(path, headers=HTML)
    for path in ("/api/v1/me/topup", "/api/v1/session/refresh"):
        browser.post(path, headers=csrf)
    popup = browser.start(channel, "mode=popup")
    browser.callback(browser.approve(popup))
    gateway.sandbox.state.faults.add("*.token", "status", 1, status=500, body="{}")
    browser.callback(browser.approve(browser.start(channel)), headers=HTML)
    browser.log_out()
    traffic = shown(browser.seen)
    secrets = issued_secrets(gateway)
    assert len(secrets) >= 11
    assert [name for name, value in secrets.items() if value in traffic] == []
    assert "<!--" not in "".join(answer.text for answer in browser.seen if answer.mimetype == "text/html")


def auth_pages(browser: VisitingBrowser) -> dict[str, TestResponse]:
    """Visit every kind of page that takes part in logging in."""
    start = browser.start()
    landed = browser.callback(browser.approve(start))
    done = browser.get("/oauth/done", headers=HTML)
    popup = browser.callback(browser.approve(browser.start(query="mode=popup")), headers=HTML)
    return {
        "start": start.answer,
        "callback": landed,
        "done": done,
        "popup": popup,
        "error": browser.callback("/oauth/account/callback?error=x", headers=HTML),
        "bad start": browser.get("/oauth/account/start?next=//evil", headers=HTML),
        "unknown channel": browser.get("/oauth/nobody/start", headers=HTML),
        "wrong method": browser.post("/oauth/account/callback", headers=HTML),
        "front": browser.get("/", headers=HTML),
        "nowhere": browser.get("/nowhere", headers=HTML),
        "logged out": browser.log_out(data={"next": "/oauth/done"}),
    }


def test_check_40_pages_of_a_login_send_no_referrer_and_load_nothing_from_elsewhere(browser: VisitingBrowser):
    for name, page in auth_pages(browser).items():
        assert page.headers["Referrer-Policy"] == "no-referrer", name
        loaded = re.findall(r"""(?:src|href|action|srcset|data)\s*=\s*["']?([^"'\s>]+)""", page.text)
        assert all(re.match(r"/(?!/)|[?#]", address) for address in loaded), name
        assert not re.search(r"<(iframe|object|embed)|url\(|@import|http-equiv", page.text), name


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_41a_answers_about_a_session_are_kept_by_no_cache(browser: VisitingBrowser, channel: str):
    browser.log_in(channel)
    csrf = {"X-CSRF-Token": browser.me()["csrf_token"]}
    for path in ("/api/v1/me", "/api/user/info", "/api/v1/me?fresh=1", "/auth/verify", "/oauth/done"):
        assert_private(browser.get(path))
    assert_private(browser.get(f"/api/v1/me/identities/{browser.me()['identity']['id']}"))
    for path in ("/api/v1/session/refresh", "/api/v1/me/topup", "/oauth/logout"):
        assert_private(browser.post(path, headers=csrf))
    for path in ("/api/v1/me", "/auth/verify", "/api/v1/me?fresh=1", "/oauth/done"):
        assert_private(browser.get(path))


def test_check_41b_no_answer_that_sets_a_cookie_is_kept_by_a_cache(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    gateway.clock.advance(seconds=600)
    for path in ("/api/v1/me", "/oauth/done", "/", "/oauth/account/start"):
        browser.get(path)
    browser.log_out()
    setting = [answer for answer in browser.seen if "Set-Cookie" in answer.headers]
    assert len(setting) >= 4
    for answer in setting:
        assert_private(answer)


def assert_private(answer: TestResponse) -> None:
    assert "no-store" in answer.headers["Cache-Control"], answer.request.path
    vary = {word.strip() for word in answer.headers["Vary"].split(",")}
    assert "Cookie" in vary, answer.request.path


def test_check_42_every_page_forbids_framing_sniffing_and_plain_http(browser: VisitingBrowser):
    for name, page in auth_pages(browser).items():
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, name
        assert "object-src 'none'" in policy, name
        assert "base-uri 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert page.headers["X-Content-Type-Options"] == "nosniff", name
        assert (
            int(page.headers["Strict-Transport-Security"].partition("=")[2].partition(";")[0]) >= 31_536_000
        )
        if page.mimetype == "text/html" and page.status_code not in (302, 303):
            expected = "same-origin-allow-popups" if name == "popup" else "same-origin"
            assert page.headers["Cross-Origin-Opener-Policy"] == expected, name


def test_check_42b_only_a_popup_of_a_listed_site_may_be_reached_by_its_opener(browser: VisitingBrowser):
    page = browser.callback(browser.approve(browser.start(query=f"mode=popup&next={RETURN_URL}")))
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert f'data-origin="{RETURN_URL.removesuffix("/cb")}"' in page.text


def test_check_43a_the_database_file_holds_no_token_code_state_or_cookie(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    needles = dict[str, str]()
    for channel in CHANNELS:
        started = browser.start(channel)
        returned = browser.approve(started)
        needles |= {f"{channel} state": started.state, f"{channel} code": returned.code}
        browser.callback(returned)
        needles[f"{channel} session"] = browser.session()
        needles[f"{channel} signature"] = browser.session().rpartition(".")[2]
        needles[f"{channel} csrf"] = browser.me()["csrf_token"]
    browser.start()
    needles |= {"binding": browser.cookie(LOGIN_COOKIE) or "?", **issued_secrets(gateway)}
    assert sum("access token" in name or "refresh token" in name for name in needles) >= 6
    path = gateway.services.database.engine.url.database
    assert path
    raw = b"".join(Path(path + ending).read_bytes() for ending in ("", "-wal"))
    assert b"linxiao" in raw, "the rows are in these bytes"
    assert [name for name, value in needles.items() if value.encode() in raw] == []


def test_check_43b_the_same_token_stored_twice_looks_different_each_time(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    vault, place = gateway.services.vault, "connections/1/access_token"
    sealed = [vault.seal(b"the same token", place=place) for _ in range(50)]
    pieces = [[text[9:21], text[21:69], text[69:81], text[81:]] for text in sealed]
    for one, other in combinations(pieces, 2):
        assert not set(one) & set(other)


@pytest.mark.parametrize("column", ["access_token", "refresh_token"])
def test_check_43c_a_token_moved_to_another_persons_row_does_not_open(
    gateway: SimulatedGateway, browser: VisitingBrowser, column: str
):
    browser.log_in(person="linxiao")
    other = gateway.browser()
    other.log_in(person="maya")
    ids = [each.me()["identity"]["id"] for each in (browser, other)]
    with gateway.services.database.begin() as tx:
        stolen = tx.execute(
            select(connections.c[column]).where(connections.c.identity_id == ids[0])
        ).scalar_one()
        tx.execute(connections.update().where(connections.c.identity_id == ids[1]).values({column: stolen}))
    gateway.forget_calls()
    answer = other.fresh()
    assert answer.status_code >= 500
    assert "linxiao" not in answer.text
    assert gateway.calls() == []
    assert browser.fresh().status_code == 200


def test_check_43d_a_token_moved_to_another_column_does_not_open(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    with gateway.services.database.begin() as tx:
        tx.execute(connections.update().values(access_token=connections.c.refresh_token))
    gateway.forget_calls()
    assert browser.fresh().status_code >= 500
    assert gateway.calls() == []


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        " ",
        ",",
        "short",
        "0" * 64,
        "\x00" * 32,
        "a" * 31,
        "ab" * 32,
        "change-me-0123456789-0123456789-0123456789",
        "your-secret-key-of-at-least-32-bytes",
        f"{SECRET_KEY},short",
    ],
)
def test_check_44a_production_does_not_start_with_a_bad_vault_key(
    tmp_path, monkeypatch: pytest.MonkeyPatch, bad: str | None
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channels.toml").write_text("")
    environment = {**GOOD_PROD, "SECRET_KEY": bad}
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        build_services({name: value for name, value in environment.items() if value is not None})


def test_check_44b_production_starts_with_a_good_vault_key(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channels.toml").write_text("")
    build_services(GOOD_PROD).inline_pool.shutdown()


def test_check_45_a_rotated_vault_key_opens_old_rows_until_they_are_rewritten(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    new = "9d1e7c5b3a28f6047b1c9e3d5f7082a4c6e8b0d2"
    exchange(gateway.services, vault=Vault([new, SECRET_KEY]))
    assert browser.fresh().status_code == 200
    assert rewrite_sealed(gateway.services) > 0
    assert rewrite_sealed(gateway.services) == 0
    exchange(gateway.services, vault=Vault([new]))
    assert browser.fresh().status_code == 200


def test_check_45b_removing_the_old_vault_key_too_early_is_told_and_ends_no_login(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    old = gateway.services.vault
    exchange(gateway.services, vault=Vault(["9d1e7c5b3a28f6047b1c9e3d5f7082a4c6e8b0d2"]))
    with pytest.raises(VaultError, match="no longer in SECRET_KEY"):
        rewrite_sealed(gateway.services)
    assert browser.fresh().status_code == 500
    exchange(gateway.services, vault=old)
    assert browser.fresh().status_code == 200


@pytest.mark.parametrize(("channel", "endpoint"), [("feishu", "feishu.token"), ("account", "oauth2.token")])
def test_check_46a_the_client_secret_travels_in_the_body_never_in_an_address(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, endpoint: str
):
    browser.log_in(channel)
    call = gateway.calls(endpoint)[0]
    assert call.form["client_secret"]
    assert "Authorization" not in call.headers
    secret = call.form["client_secret"]
    assert not any(secret in f"{call.path}{call.query}{call.headers}" for call in gateway.calls())
    assert call.query == {}


def test_check_46b_a_channel_may_prove_itself_in_the_header_instead(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    text = gateway.channels.replace(
        'scope = "profile balance"', 'scope = "profile balance"\nclient_auth = "basic"'
    )
    gateway.channels = text
    basic = gateway.twin()
    visitor = basic.browser()
    visitor.log_in()
    call = gateway.calls("oauth2.token")[0]
    assert call.headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in {**call.form, **call.query}


def test_check_46c_where_only_the_address_can_carry_the_secret_it_is_logged_nowhere(
    gateway: SimulatedGateway, browser: VisitingBrowser, caplog: pytest.LogCaptureFixture
):
    with capture_logs() as events, caplog.at_level("INFO"):
        browser.log_in("wechat")
    call = gateway.calls("wechat.token")[0]
    assert call.query["secret"] == gateway.sandbox.settings["WECHAT_APP_SECRET"]
    assert not {"secret", "Authorization"} & {*call.headers, *call.form}
    logged = str(events) + caplog.text
    assert "outbound_request" in logged
    assert call.query["secret"] not in logged
    assert call.query["code"] not in logged
    assert urlsplit(gateway.sandbox.url).netloc in logged
