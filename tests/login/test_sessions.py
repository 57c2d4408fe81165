"""Sessions: what counts as one, how it is renewed and how it ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import load_der_private_key

from app.pipeline.login.session_keys import active_key, rotate_signing_key
from app.pipeline.login.sessions import verify_session
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.vault import Vault, VaultError
from tests.builders import SECRET_KEY, exchange
from tests.login.browser import BASE_URL, HOST, LOGIN_COOKIE, SESSION_COOKIE
from tests.login.in_memory import CodeBrowser, InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")
NEW_SECRET = "b7a1d94e02c8f65339e0d7c1a4f8265b90e3d7c1"


def bearer(gateway: InMemoryGateway, value: str) -> int:
    """Return the status of /api/v1/me for an Authorization header."""
    return gateway.browser().get("/api/v1/me", headers={"Authorization": value}).status_code


def session_of(browser: CodeBrowser) -> str:
    return browser.cookie(SESSION_COOKIE) or ""


def key_of(gateway: InMemoryGateway) -> tuple[str, Any]:
    with gateway.services.database.begin() as tx:
        kid, der = active_key(gateway.services, tx)
    return kid, load_der_private_key(der, password=None)


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_the_cookie_is_a_host_cookie(gateway: InMemoryGateway):
    browser = gateway.browser()
    for answer, name in (
        (browser.get("/oauth/fake/start"), LOGIN_COOKIE),
        (browser.log_in(), SESSION_COOKIE),
    ):
        cookie = next(line for line in answer.headers.getlist("Set-Cookie") if name in line)
        assert cookie.startswith(name)
        assert name.startswith("__Host-callgate_")
        for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert attribute in cookie
        assert "Domain" not in cookie


def test_answers_about_a_session_are_kept_out_of_caches(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    for path in ("/api/v1/me", "/api/user/info", "/auth/verify", "/oauth/done"):
        answer = browser.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert {"cookie", "authorization"} <= {word.lower() for word in answer.vary}
    assert gateway.browser().get("/api/v1/me").headers["WWW-Authenticate"] == "Bearer"


def test_nobody_is_an_ordinary_answer_to_those_who_ask_for_it(gateway: InMemoryGateway):
    browser = gateway.browser()
    answer = browser.get("/api/v1/me?optional=1")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    browser.log_in()
    assert browser.get("/api/v1/me?optional=1").get_json() == browser.me()


def test_a_login_ends_the_session_before_it(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.client.set_cookie(SESSION_COOKIE, "chosen", domain=HOST, secure=True)
    browser.log_in("c1")
    first = session_of(browser)
    assert first != "chosen"
    browser.log_in("c2")
    assert session_of(browser) != first
    assert bearer(gateway, f"Bearer {first}") == 401
    assert browser.get("/api/v1/me").status_code == 200


def test_a_logged_out_session_is_dead_everywhere(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    token = session_of(browser)
    assert bearer(gateway, f"Bearer {token}") == 200
    assert browser.post_proven("/oauth/logout").status_code == 204
    assert session_of(browser) == ""
    assert bearer(gateway, f"Bearer {token}") == 401


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-CSRF-Token": "0" * 64}, {"Sec-Fetch-Site": "cross-site", "good": "1"},
        {"Origin": "https://evil.example", "good": "1"}, {"Origin": "null", "good": "1"},
        {"Sec-Fetch-Site": "same-site", "good": "1"}, {"X-CSRF-Token": "é"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/oauth/logout", "/oauth/other/link"])
def test_a_session_survives_forged_requests(gateway: InMemoryGateway, headers: dict[str, str], path: str):
    browser = gateway.browser()
    browser.log_in()
    sent = dict(headers)
    if sent.pop("good", None):
        sent["X-CSRF-Token"] = browser.me()["csrf_token"]
    assert browser.post(path, headers=sent).status_code == 403
    assert browser.get(path).status_code in (404, 405)
    assert browser.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/me/topup", "/api/v1/session/refresh"])
def test_harmless_posts_need_no_token_but_our_own_page(gateway: InMemoryGateway, path: str):
    browser = gateway.browser()
    browser.log_in()
    assert browser.post(path).status_code == 200
    assert browser.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_cross_site_logout_without_the_cookie_clears_nothing(gateway: InMemoryGateway):
    answer = gateway.browser().post("/oauth/logout", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" not in gateway.browser().post("/oauth/logout").headers


@pytest.mark.parametrize(
    ("wanted", "end"), [("//evil", "/"), ("/bye", "/bye"), ("https://evil.example", "/")]
)
def test_a_logout_form_stays_on_allowed_addresses(gateway: InMemoryGateway, wanted: str, end: str):
    browser = gateway.browser()
    browser.log_in()
    form = {"csrf_token": browser.me()["csrf_token"], "next": wanted}
    answer = browser.post(
        "/oauth/logout", data=form, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, end)


def test_a_session_is_renewed_on_use_and_ends_when_idle_or_old(gateway: InMemoryGateway):
    settings = gateway.services.settings
    assert (settings.session_ttl, settings.session_max_age) == (900, 604_800)
    shorter = settings.model_copy(update={"session_max_age": 8_000})
    exchange(gateway.services, settings=shorter)
    browser = gateway.browser()
    browser.log_in()
    first = session_of(browser)
    gateway.clock.advance(seconds=449)
    assert "Set-Cookie" not in browser.get("/api/v1/me").headers
    gateway.clock.advance(seconds=2)
    browser.get("/api/v1/me")
    assert session_of(browser) != first
    gateway.clock.advance(seconds=901)
    assert browser.get("/api/v1/me").status_code == 401
    browser.log_in()
    for _ in range(8_000 // 800 - 1):
        gateway.clock.advance(seconds=800)
        browser.get("/api/v1/me")
    assert browser.get("/api/v1/me").status_code == 200
    gateway.clock.advance(seconds=800)
    assert browser.get("/api/v1/me").status_code == 401


def test_a_new_token_is_given_while_the_session_lives(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    answer = browser.post_proven("/api/v1/session/refresh").get_json()
    assert answer["expires_in"] == 900
    again = gateway.browser().post(
        "/api/v1/session/refresh", headers={"Authorization": f"Bearer {answer['token']}"}
    )
    assert again.status_code == 200
    assert "Set-Cookie" not in again.headers


def test_forward_auth_tells_who_it_is(gateway: InMemoryGateway):
    browser = gateway.browser()
    assert browser.get("/auth/verify").status_code == 401
    browser.log_in()
    headers = browser.get("/auth/verify").headers
    assert headers["X-Auth-User"] == browser.me()["user_id"]
    assert (headers["X-Auth-Subject"], headers["X-Auth-Name"], headers["X-Auth-Channel"]) == (
        "u1",
        "Ada",
        "fake",
    )


def test_tokens_can_be_checked_with_the_published_keys(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    token = session_of(browser)
    old_kid = rotate_and_keep_old(gateway)
    browser.log_in("c2")
    keys = browser.get("/.well-known/jwks.json")
    assert keys.headers["Cache-Control"].startswith("public")
    assert all("d" not in key for key in keys.get_json()["keys"])
    assert [key["kid"] for key in keys.get_json()["keys"]][1] == old_kid
    found = {key["kid"]: jwt.PyJWK(key) for key in keys.get_json()["keys"]}
    for text in (token, session_of(browser)):
        kid = jwt.get_unverified_header(text)["kid"]
        claims = jwt.decode(
            text,
            found[kid],
            ["ES256"],
            audience=BASE_URL,
            issuer=BASE_URL,
            options={"verify_exp": False, "verify_iat": False},
        )
        assert set(claims) == {"iss", "aud", "sub", "sid", "exp", "iat", "jti"}
    gateway.clock.advance(seconds=1100)
    assert len(browser.get("/.well-known/jwks.json").get_json()["keys"]) == 1


def rotate_and_keep_old(gateway: InMemoryGateway) -> str:
    kid, _ = key_of(gateway)
    gateway.clock.advance(seconds=1)
    rotate_signing_key(gateway.services)
    return kid


def test_a_token_of_a_retired_key_is_good_until_it_expires(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    rotate_signing_key(gateway.services)
    assert browser.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "Bearer", "Bearer ", "Bearer  x", "Bearer a b", "bearer", "Bearer é", "Bearer " + "a" * 30_000, "x", "",
        "Bearer a.b.c", "Bearer ..", "Bearer a,Bearer b", "Token x", "Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)  # fmt: skip
def test_a_malformed_authorization_header_is_401(gateway: InMemoryGateway, value: str):
    assert bearer(gateway, value) == 401


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def header(**changes: Any) -> Change:
    return lambda head, _: head.update(changes)


def claim(**changes: Any) -> Change:
    return lambda _, claims: claims.update(changes)


def without(name: str) -> Change:
    def change(head: dict[str, Any], claims: dict[str, Any]) -> None:
        head.pop(name, None)
        claims.pop(name, None)

    return change


HOSTILE: list[Change] = [
    header(alg="none"), header(alg="None"), header(alg=""), header(alg="HS256"), header(alg="RS256"), header(alg=1),
    header(jwk={"kty": "EC"}), header(jku="https://evil.example"), header(x5u="https://evil.example"), header(x5c=["x"]),
    header(crit=["exp"]), header(b64=False), header(zip="DEF"), header(typ="JWT"), header(typ="refresh+jwt"),
    header(kid="../../etc/passwd"), header(kid="' OR 1=1 --"), header(kid="a" * 10_000), header(kid=1), header(kid=None),
    header(kid="unknown"), without("kid"), without("typ"), without("alg"),
    claim(exp=1), claim(exp="9999999999"), claim(exp=-1), claim(exp=1e999), claim(exp=True), claim(exp=None),
    claim(exp=10**30), claim(nbf=9_999_999_999), claim(nbf="x"), claim(iat=9_999_999_999), claim(iat="x"),
    claim(aud="gate.example"), claim(aud=BASE_URL + "/"), claim(aud=[BASE_URL, "https://evil.example"]), claim(aud=[]),
    claim(aud=None), claim(iss="https://gate"), claim(iss=BASE_URL + ".evil"), claim(iss=[BASE_URL]), claim(iss=None),
    claim(sub="somebody"), claim(sub=1), claim(sub=""), claim(sid="unknown"), claim(sid=7), claim(jti=None),
    *(without(name) for name in ("iss", "aud", "sub", "sid", "jti", "iat", "exp")),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_token_is_401_even_with_our_signature(gateway: InMemoryGateway, number: int):
    browser = gateway.browser()
    browser.log_in()
    token = session_of(browser)
    private = key_of(gateway)[1]
    head = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert bearer(gateway, f"Bearer {resigned(head, claims, private)}") == 200
    HOSTILE[number](head, claims)
    assert bearer(gateway, f"Bearer {resigned(head, claims, private)}") == 401
    assert bearer(gateway, f"Bearer {encoded(head)}.{encoded(claims)}.") == 401


def resigned(head: dict[str, Any], claims: dict[str, Any], private: Any) -> str:
    """Sign whatever header and claims with our own key; a JWT library would refuse to."""
    signing_input = f"{encoded(head)}.{encoded(claims)}".encode()
    return f"{signing_input.decode()}.{encoded(jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signing_input, private))}"


def test_a_token_of_a_foreign_key_is_401(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    token = session_of(browser)
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = resigned(jwt.get_unverified_header(token), claims, generate_private_key(SECP256R1()))
    assert bearer(gateway, f"Bearer {forged}") == 401


def test_two_different_session_cookies_are_no_session(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    token = session_of(browser)
    twice = f"{SESSION_COOKIE}={token}; {SESSION_COOKIE}=other"
    client = gateway.app.test_client(use_cookies=False)
    assert client.get("/api/v1/me", base_url=BASE_URL, headers={"Cookie": twice}).status_code == 401


def test_rotating_the_secret_rewrites_and_a_missing_one_is_said_clearly(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    waiting = browser.start().state
    services = gateway.services
    exchange(services, vault=Vault([NEW_SECRET]))
    with pytest.raises(VaultError, match="no longer in SECRET_KEY"):
        rewrite_sealed(services)
    exchange(services, vault=Vault([NEW_SECRET, SECRET_KEY]))
    assert rewrite_sealed(services) == 4
    assert rewrite_sealed(services) == 0
    exchange(services, vault=Vault([NEW_SECRET]))
    assert browser.get("/api/v1/me?fresh=1").status_code == 200
    assert browser.finish(waiting).status_code == 303
    assert verify_session(services, session_of(browser)).user_id == browser.me()["user_id"]


def test_every_page_has_the_headers(gateway: InMemoryGateway):
    for path in ("/oauth/done", "/oauth/fake/callback?state=x&code=y", "/oauth/nobody/start"):
        headers = gateway.browser().get(path, headers={"Accept": "text/html"}).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "max-age" in headers["Strict-Transport-Security"]
        assert headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (BASE_URL, 204), (BASE_URL + ":443", 204), ("https://gate.example.evil", 403), ("http://gate.example", 403),
        ("https://gate.example:444", 403), ("https://x@gate.example", 403), ("é", 403), ("", 403), ("null", 403),
    ],
)  # fmt: skip
def test_a_changing_request_comes_from_our_own_origin(gateway: InMemoryGateway, origin: str, status: int):
    browser = gateway.browser()
    browser.log_in()
    headers = {"X-CSRF-Token": browser.me()["csrf_token"], "Origin": origin}
    assert browser.post("/oauth/logout", headers=headers).status_code == status
