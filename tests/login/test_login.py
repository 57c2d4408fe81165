"""Logging in: state, login cookie, parameters, sessions, on every database where it matters."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from app.core.errors import UpstreamError
from app.core.values import Identity
from app.storage.login.connections import connections
from app.storage.login.flows import flows
from app.storage.login.identities import identities
from app.storage.login.sessions import sessions
from app.storage.login.users import users
from tests.login.browser import BASE_URL, HOST, LOGIN_COOKIE, SESSION_COOKIE
from tests.login.in_memory import InMemoryGateway

ON_SQLITE = pytest.mark.backends("sqlite")


def test_a_login_ends_in_a_session(gateway: InMemoryGateway):
    browser = gateway.browser()
    answer = browser.log_in()
    assert answer.headers["Location"] == "/welcome"
    me = browser.me()
    assert me["identity"]["name"] == "Ada"
    assert me["identity"]["channel"] == "fake"
    assert browser.get("/api/user/info").get_json()["user_id"] == me["user_id"]
    code, redirect_uri, verifier = gateway.fake.exchanged[0]
    assert (code, redirect_uri) == ("c1", f"{BASE_URL}/oauth/fake/callback")
    assert 43 <= len(verifier) <= 128
    assert gateway.last_audit().outcome == "succeeded"


def test_the_same_person_keeps_the_same_user(gateway: InMemoryGateway):
    first, second = gateway.browser(), gateway.browser()
    first.log_in("c1")
    second.log_in("c2")
    assert first.me()["user_id"] == second.me()["user_id"]
    assert gateway.count(users) == 1


@pytest.mark.parametrize("subject", ["U1", "u1 ", "ú1", "u\u0301" + "1"])
def test_subjects_that_look_alike_are_different_people(gateway: InMemoryGateway, subject: str):
    first, second = gateway.browser(), gateway.browser()
    first.log_in()
    gateway.fake.person = Identity("fake:1", "user_id", subject)
    second.log_in("c2")
    assert first.me()["user_id"] != second.me()["user_id"]


def test_twenty_equal_returns_make_one_exchange_and_one_session_for_all(gateway: InMemoryGateway):
    browser = gateway.browser()
    state = browser.start().state
    login_cookie = browser.cookie(LOGIN_COOKIE)
    statuses: list[int] = []

    def call() -> None:
        client = gateway.app.test_client()
        client.set_cookie(LOGIN_COOKIE, login_cookie or "", domain=HOST, secure=True)
        path = f"/oauth/fake/callback?{urlencode({'state': state, 'code': 'c1'})}"
        statuses.append(client.get(path, base_url=BASE_URL).status_code)

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 20
    assert len(gateway.fake.exchanged) == 1
    assert gateway.count(sessions) == 1


def test_first_logins_of_one_person_at_once_make_one_user(gateway: InMemoryGateway):
    barrier = threading.Barrier(4)

    def wait_for_the_others() -> None:
        barrier.wait(10)

    gateway.fake.on_exchange = wait_for_the_others

    def log_in() -> None:
        gateway.browser().log_in()

    threads = [threading.Thread(target=log_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (gateway.count(users), gateway.count(identities), gateway.count(sessions)) == (1, 1, 4)


@ON_SQLITE
class TestState:
    def test_states_are_long_random_and_different(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        first, second = browser.start().state, browser.start().state
        assert first != second
        assert len(first) * 4 >= 128

    def test_missing_and_made_up_state_get_the_same_answer(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        browser.start()
        answers = [browser.get("/oauth/fake/callback?code=x" + more) for more in ("", "&state=made-up")]
        bodies = [answer.get_json() | {"trace_id": ""} for answer in answers]
        assert bodies[0] == bodies[1]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert bodies[0]["error"] == "invalid_state"
        assert gateway.last_audit().outcome == "invalid_state"

    def test_a_foreign_browser_is_refused_and_spends_nothing(self, gateway: InMemoryGateway):
        ours, foreign = gateway.browser(), gateway.browser()
        state = ours.start().state
        foreign.start()
        answer = foreign.finish(state)
        assert answer.status_code == 400
        assert not gateway.fake.exchanged
        assert foreign.cookie(SESSION_COOKIE) is None
        assert ours.finish(state).status_code == 303

    def test_a_repeat_in_the_same_browser_is_sent_on(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        state = browser.start().state
        browser.finish(state)
        again = browser.finish(state)
        assert (again.status_code, again.headers["Location"]) == (303, "/welcome")
        assert len(gateway.fake.exchanged) == 1
        assert gateway.browser().finish(state).status_code == 400

    def test_a_restored_cookie_jar_does_not_revive_a_state(self, gateway: InMemoryGateway):
        browser, restored = gateway.browser(), gateway.browser()
        state = browser.start().state
        restored.client.set_cookie(
            LOGIN_COOKIE,
            browser.cookie(LOGIN_COOKIE) or "",
            domain=HOST,
            secure=True,
        )
        browser.finish(state)
        assert restored.finish(state, "fresh").status_code == 400
        assert len(gateway.fake.exchanged) == 1

    def test_a_state_works_only_on_its_channel(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        state = browser.start("fake").state
        assert browser.finish(state, channel="other").status_code == 400
        assert not gateway.other.exchanged
        assert browser.finish(state).status_code == 303

    def test_a_late_return_is_told_so(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        state = browser.start().state
        gateway.clock.advance(seconds=601)
        answer = browser.finish(state, headers={"Accept": "text/html"})
        assert answer.status_code == 400
        assert "login_expired" in answer.text
        assert 'href="/oauth/fake/start?next=/welcome"' in answer.text

    def test_three_tabs_finish_in_any_order(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        states = [browser.start().state for _ in range(3)]
        for number, state in enumerate(reversed(states)):
            assert browser.finish(state, f"c{number}").status_code == 303

    def test_starts_are_limited_and_expired_flows_swept(self, gateway: InMemoryGateway):
        gateway.services.rate_limits._enabled = True
        browser = gateway.browser()
        answers = [browser.get("/oauth/fake/start") for _ in range(61)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) > 0
        gateway.clock.advance(seconds=1300)
        elsewhere = browser.get("/oauth/fake/start", environ_overrides={"REMOTE_ADDR": "198.51.100.9"})
        assert elsewhere.status_code == 303
        assert gateway.count(flows) == 1

    @pytest.mark.parametrize("path", ["start", "callback"])
    def test_an_unknown_channel_is_404(self, gateway: InMemoryGateway, path: str):
        assert gateway.browser().get(f"/oauth/nobody/{path}").status_code == 404


@ON_SQLITE
class TestParameters:
    @pytest.mark.parametrize(
        "query",
        [
            "code=a&code=b", "state=x", "code=a&iss=x&iss=y", "Code=a", "code[]=a", "STATE=z&code=a", "code=&code=",
            "code=%00", "code=a%0d%0ab", "code=%ff", "code=" + "a" * 4097, "code=a&error=%e2%80%ae",
        ],
    )  # fmt: skip
    def test_odd_parameters_are_400_and_spend_nothing(self, gateway: InMemoryGateway, query: str):
        browser = gateway.browser()
        state = browser.start().state
        answer = browser.get(f"/oauth/fake/callback?state={state}&{query}")
        assert answer.status_code == 400
        assert answer.get_json()["error"] == "bad_callback"
        assert not gateway.fake.exchanged
        assert browser.finish(state).status_code == 303

    def test_a_huge_query_is_414(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        assert browser.get("/oauth/fake/callback?code=" + "a" * 100_000).status_code == 414
        assert browser.get("/oauth/fake/start?next=/" + "a" * 100_000).status_code == 414
        assert gateway.count(flows) == 0

    def test_a_refusal_spends_the_state_and_shows_only_our_words(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        state = browser.start().state
        query = urlencode(
            {"state": state, "error": "access_denied", "error_description": "<script>{{7331733*7331733}}"}
        )
        answer = browser.get(f"/oauth/fake/callback?{query}", headers={"Accept": "text/html"})
        assert answer.status_code == 400
        assert "access_denied" in answer.text
        assert "<script>{{" not in answer.text
        assert "53754308783289" not in answer.text
        assert browser.finish(state).status_code == 400
        assert not gateway.fake.exchanged

    @pytest.mark.parametrize("error", ["<script>alert(1)</script>", "x"])
    def test_an_unknown_error_is_not_reflected(self, gateway: InMemoryGateway, error: str):
        browser = gateway.browser()
        query = urlencode({"state": browser.start().state, "error": error})
        answer = browser.get(f"/oauth/fake/callback?{query}", headers={"Accept": "text/html"})
        assert "login_refused" in answer.text
        assert "alert(1)" not in answer.text

    def test_an_error_without_our_state_disturbs_nobody(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        state = browser.start().state
        answer = browser.get("/oauth/fake/callback?error=access_denied&state=foreign")
        assert answer.get_json()["error"] == "invalid_state"
        assert browser.finish(state).status_code == 303

    def test_code_and_error_together_are_never_exchanged(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        answer = browser.get(f"/oauth/fake/callback?state={browser.start().state}&code=c&error=x")
        assert answer.status_code == 400
        assert not gateway.fake.exchanged

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "OPTIONS", "POST", "DELETE"])
    def test_other_methods_are_405_and_spend_nothing(self, gateway: InMemoryGateway, method: str):
        browser = gateway.browser()
        state = browser.start().state
        path = f"/oauth/fake/callback?state={state}&code=c"
        assert browser.client.open(path, method=method, base_url=BASE_URL).status_code == 405
        assert browser.finish(state).status_code == 303

    @pytest.mark.parametrize(
        ("name", "value"), [("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch")]
    )
    def test_a_prefetch_spends_nothing(self, gateway: InMemoryGateway, name: str, value: str):
        browser = gateway.browser()
        state = browser.start().state
        assert browser.finish(state, headers={name: value}).status_code == 403
        assert browser.finish(state).status_code == 303

    def test_only_the_channels_own_code_names_are_read(self, gateway: InMemoryGateway):
        gateway.fake.code_parameters = ("code", "authCode")
        gateway.other.code_parameters = ("auth_code",)
        browser = gateway.browser()
        differing = browser.get(f"/oauth/fake/callback?state={browser.start().state}&code=a&authCode=b")
        assert differing.status_code == 400
        wrong = browser.get(f"/oauth/other/callback?state={browser.start('other').state}&code=a")
        assert wrong.status_code == 400
        assert not gateway.fake.exchanged + gateway.other.exchanged
        right = browser.get(f"/oauth/other/callback?state={browser.start('other').state}&auth_code=a")
        assert right.status_code == 303

    @pytest.mark.parametrize(
        "sent", ["", "&iss=https://idp.example/", "&iss=https://IDP.example", "&iss=https://x.example"]
    )
    def test_a_promised_issuer_must_come_exactly(self, gateway: InMemoryGateway, sent: str):
        gateway.fake.issuer_parameter = "https://idp.example"
        browser = gateway.browser()
        path = "/oauth/fake/callback?code=c&state="
        assert browser.get(path + browser.start().state + sent).get_json()["error"] == "wrong_issuer"
        assert browser.get(path + browser.start().state + "&iss=https://idp.example").status_code == 303

    def test_an_unpromised_issuer_must_be_the_login_server(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        path = "/oauth/fake/callback?code=c&state="
        assert browser.get(path + browser.start().state + "&iss=https://evil.example").status_code == 400
        assert (
            browser.get(path + browser.start().state + "&iss=https://login.fake.example/x").status_code == 303
        )


@ON_SQLITE
class TestAddresses:
    def test_evil_headers_change_nothing(self, gateway: InMemoryGateway):
        evil = {
            "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example",
            "X-Original-URL": "https://evil.example", "X-Forwarded-Prefix": "/evil",
        }  # fmt: skip
        answer = gateway.app.test_client().get(
            "/oauth/fake/start?redirect_uri=https://evil.example",
            base_url="https://evil.example",
            headers=evil,
        )
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["redirect_uri"] == [f"{BASE_URL}/oauth/fake/callback"]
        assert "evil" not in str(answer.headers)

    @pytest.mark.parametrize(
        "bad", ["https://evil.example", "//evil", "/\\evil", "/%09/evil", "HTTPS://app.example/cb"]
    )
    def test_bad_return_addresses_are_refused(self, gateway: InMemoryGateway, bad: str):
        answer = gateway.browser().get("/oauth/fake/start?" + urlencode({"next": bad}))
        assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_return_url")

    def test_an_encoded_ampersand_stays_inside_next(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        answer = browser.get("/oauth/fake/start?next=/a%26state=zzz%26code=1")
        assert answer.headers["Location"].count("state=") == 1
        done = browser.finish(parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0])
        assert done.headers["Location"] == "/a&state=zzz&code=1"

    def test_json_mode_tells_the_address_and_nothing_secret(self, gateway: InMemoryGateway):
        answer = gateway.browser().get("/oauth/fake/start?mode=json")
        assert set(answer.get_json()) == {"authorize_url"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert gateway.browser().get("/oauth/fake/start?mode=other").status_code == 400

    @pytest.mark.parametrize(
        ("target", "origin", "policy"),
        [
            ("/x", BASE_URL, "same-origin-allow-popups"),
            ("https://app.example/cb", "https://app.example", "unsafe-none"),
        ],
    )
    def test_a_popup_tells_the_exact_origin(
        self, gateway: InMemoryGateway, target: str, origin: str, policy: str
    ):
        browser = gateway.browser()
        answer = browser.finish(browser.start(query=urlencode({"mode": "popup", "next": target})).state)
        assert answer.status_code == 200
        assert f'data-origin="{origin}"' in answer.text
        assert answer.headers["Cross-Origin-Opener-Policy"] == policy
        assert "access-" not in answer.text
        assert browser.me()["identity"]["name"] == "Ada"


@ON_SQLITE
class TestUpstream:
    def test_a_failed_exchange_stores_nothing_and_is_not_repeated(self, gateway: InMemoryGateway):
        def fail() -> None:
            raise UpstreamError("upstream_bad_answer", "no")

        gateway.fake.on_exchange = fail
        browser = gateway.browser()
        answer = browser.finish(browser.start())
        assert (answer.status_code, answer.get_json()["error"]) == (502, "upstream_bad_answer")
        assert len(gateway.fake.exchanged) == 1
        assert gateway.count(identities) == gateway.count(sessions) == 0

    def test_a_connector_that_crashes_is_a_502(self, gateway: InMemoryGateway):
        def crash() -> None:
            raise KeyError("access_token")

        gateway.fake.on_exchange = crash
        browser = gateway.browser()
        assert browser.finish(browser.start()).status_code == 502

    @pytest.mark.parametrize("subject", ["", None, True, "a\x00b", "x" * 256, ["u"]])
    def test_a_doubtful_subject_is_refused(self, gateway: InMemoryGateway, subject):
        gateway.fake.person = Identity("fake:1", "user_id", subject)
        browser = gateway.browser()
        assert browser.finish(browser.start()).status_code == 502
        assert gateway.count(users) == 0

    def test_tokens_lie_sealed_and_bound_to_their_row(self, gateway: InMemoryGateway):
        gateway.browser().log_in("secretcode")
        with gateway.services.database.read() as tx:
            row = tx.execute(select(connections)).one()
        assert b"secretcode" not in row.access_token + row.refresh_token
        other = f"connections/{'0' * 32}/access_token"
        with pytest.raises(Exception, match="does not belong"):
            gateway.services.vault.open(row.access_token, place=other)
