"""Checks 61-68, 71-73: what passes for a session token, and what does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.errors import ConfigurationError
from app.factory import build_services
from app.pipeline.login.session_keys import rotate_signing_key
from app.storage.login.signing_keys import signing_keys
from tests.builders import SECRET_KEY
from tests.login.browser import BASE_URL, LOGIN_COOKIE, SESSION_COOKIE
from tests.login.simulated import SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

LEFT_OUT = object()


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def own_key(gateway: SimulatedGateway) -> tuple[str, Any]:
    """Return the gateway's own signing key, as only a thief of the database and SECRET_KEY could."""
    with gateway.services.database.read() as tx:
        row = tx.execute(select(signing_keys.c.kid, signing_keys.c.private_key)).one()
    place = f"signing_keys/{row.kid}/private_key"
    return row.kid, load_der_private_key(
        gateway.services.vault.open(bytes(row.private_key), place=place), None
    )


class Forger:
    """Takes a good token apart and puts it together again with one thing changed."""

    def __init__(self, gateway: SimulatedGateway, browser: VisitingBrowser):
        self._gateway = gateway
        self.good = browser.session()
        head, body, self.signature = self.good.split(".")
        self.header: dict[str, Any] = unb64(head)
        self.claims: dict[str, Any] = unb64(body)
        self.kid, self._key = own_key(gateway)

    def signed(self, claims: Mapping[str, Any] | None = None, header: Mapping[str, Any] | None = None) -> str:
        """Sign with the gateway's own key; a value LEFT_OUT is left out."""
        body = {k: v for k, v in {**self.claims, **(claims or {})}.items() if v is not LEFT_OUT}
        head = {k: v for k, v in {**self.header, **(header or {})}.items() if v is not LEFT_OUT}
        text = f"{b64(head)}.{b64(body)}"
        return f"{text}.{b64(self.raw_signature(text))}"

    def raw_signature(self, text: str) -> bytes:
        return jwt.get_algorithm_by_name("ES256").sign(text.encode(), self._key)

    def _ask(self, token: str) -> list[TestResponse]:
        """Show a token both ways, byte for byte as it is."""
        client = self._gateway.app.test_client(use_cookies=False)
        environs = ({"HTTP_AUTHORIZATION": f"Bearer {token}"}, {"HTTP_COOKIE": f"{SESSION_COOKIE}={token}"})
        return [client.get("/api/v1/me", base_url=BASE_URL, environ_overrides=each) for each in environs]

    def assert_refused(self, *tokens: str) -> None:
        """Neither as a cookie nor as a Bearer token does any of these count, and the answer is always the same."""
        before = len(self._gateway.calls())
        for token in tokens:
            for answer in self._ask(token):
                assert answer.status_code == 401, token[:200]
                assert answer.get_json()["error"] == "login_required"
        assert len(self._gateway.calls()) == before

    def assert_accepted(self, token: str) -> None:
        assert [answer.status_code for answer in self._ask(token)] == [200, 200]


@pytest.fixture
def forger(gateway: SimulatedGateway, browser: VisitingBrowser) -> Forger:
    browser.log_in()
    made = Forger(gateway, browser)
    made.assert_accepted(made.good)
    made.assert_accepted(made.signed())
    return made


def test_check_61_an_unsigned_token_is_no_session(forger: Forger):
    head, body, signature = forger.good.split(".")
    for algorithm in (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        None,
        0,
        LEFT_OUT,
        "HS256",
        "ES384",
        "es256",
        "RS256",
    ):
        fresh = {k: v for k, v in (forger.header | {"alg": algorithm}).items() if v is not LEFT_OUT}
        for tail in ("", signature, b64(b"\x00" * 64)):
            forger.assert_refused(f"{b64(fresh)}.{body}.{tail}")
    forger.assert_refused(
        f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{b64(bytes(64))}", f"{head}..{signature}"
    )


def test_check_61b_a_changed_byte_anywhere_ends_it(forger: Forger):
    head, body, signature = forger.good.split(".")
    other = b64(forger.claims | {"sub": "01a1" * 8})
    shorter = base64.urlsafe_b64decode(signature + "==")[:-1]
    forger.assert_refused(
        f"{head}.{other}.{signature}", f"{head}.{body}.{b64(shorter)}", f"{forger.good}=", f"{forger.good}.{signature}",
        f"{head}.{body}.{signature[::-1]}", f" {head}.{body}.{signature}x", f"{head}.{body}\n.{signature}",
    )  # fmt: skip


def test_check_62_the_public_key_is_no_hmac_secret(
    gateway: SimulatedGateway, browser: VisitingBrowser, forger: Forger
):
    jwk = browser.get("/.well-known/jwks.json").get_json()["keys"][0]
    assert "d" not in jwk
    public = jwt.PyJWK(jwk).key
    spelled = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(jwk).encode(),
        json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode(),
        jwk["x"].encode(),
        b"",
        SECRET_KEY.encode(),
    ]
    for secret in spelled:
        for algorithm in ("HS256", "ES256"):
            text = f"{b64(forger.header | {'alg': algorithm})}.{b64(forger.claims)}"
            forger.assert_refused(f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}")


def test_check_63_a_key_that_travels_with_the_token_is_not_believed(
    gateway: SimulatedGateway, forger: Forger
):
    mine = generate_private_key(SECP256R1())
    mine_jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(mine.public_key()))
    pem = mine.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    address = f"{gateway.sandbox.url}/oauth2/api/oauth2/userinfo"
    der = b64(mine.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    for extra in ({"jwk": mine_jwk}, {"jku": address}, {"x5u": address}, {"x5c": [der]}, {"x5t": der}, {}):
        for kid in (forger.kid, "mine", address):
            header = {"typ": forger.header["typ"], "kid": kid, **extra}
            forger.assert_refused(jwt.encode(forger.claims, pem, algorithm="ES256", headers=header))
        if extra:
            forger.assert_refused(forger.signed(header=extra))


def test_check_64_a_key_id_leads_nowhere_but_to_our_own_keys(forger: Forger):
    for kid in (
        "../../etc/passwd", "../../../../dev/null", "' OR '1'='1", '" OR 1=1--', "x" * 10_000, 7, None, True, [], {},
        ["a"], "", "unknown", forger.kid.swapcase(), forger.kid + " ", forger.kid[:-1], "%", "\x00", "ü", LEFT_OUT,
    ):  # fmt: skip
        forger.assert_refused(forger.signed(header={"kid": kid}))


def test_check_65_a_header_we_do_not_write_is_refused(forger: Forger):
    bad: list[dict[str, Any]] = [
        {"crit": ["exp"]},
        {"crit": ["http://example/x"], "http://example/x": True},
        {"crit": []},
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"typ": ["session+jwt"]},
    ]
    for extra in bad:
        forger.assert_refused(forger.signed(header=extra))


def test_check_66a_times_that_do_not_hold_are_refused(gateway: SimulatedGateway, forger: Forger):
    now = int(gateway.clock.now().timestamp())
    bad: list[dict[str, Any]] = [
        {"exp": now}, {"exp": now - 1}, {"exp": LEFT_OUT}, {"exp": str(now + 900)}, {"exp": -1}, {"exp": None},
        {"exp": True}, {"exp": [now + 900]}, {"exp": now + 900.5}, {"exp": 10**30}, {"exp": {}}, {"exp": 0},
        {"nbf": now + 3600}, {"nbf": "x"}, {"nbf": None}, {"nbf": -1},
        {"iat": now + 3600}, {"iat": LEFT_OUT}, {"iat": "x"}, {"iat": -1}, {"iat": 1.5}, {"iat": None},
    ]  # fmt: skip
    for claims in bad:
        forger.assert_refused(forger.signed(claims))


def test_check_66b_numbers_no_clock_shows_are_refused(forger: Forger):
    for number in ("1e999", "-1e999", "NaN", "Infinity", "1e3", "9" * 2500, "01"):
        for name in ("exp", "iat", "nbf"):
            body = json.dumps(forger.claims | {name: "HERE"}).replace('"HERE"', number)
            text = f"{b64(forger.header)}.{b64(body.encode())}"
            forger.assert_refused(f"{text}.{b64(forger.raw_signature(text))}")


def test_check_66c_a_token_ends_on_the_second(gateway: SimulatedGateway, forger: Forger):
    gateway.clock.advance(seconds=899)
    forger.assert_accepted(forger.good)
    gateway.clock.advance(seconds=1)
    forger.assert_refused(forger.good)


def test_check_67_a_token_for_somebody_else_is_refused(forger: Forger):
    for name in ("aud", "iss"):
        for value in (
            "https://evil.example", LEFT_OUT, None, "", BASE_URL[:-1], BASE_URL + "/", BASE_URL + ".evil.example",
            BASE_URL.upper(), "gate.example", [BASE_URL, "https://evil.example"], ["https://evil.example"], [], 7,
            [BASE_URL], {"x": BASE_URL}, f"https://evil.example {BASE_URL}",
        ):  # fmt: skip
            forger.assert_refused(forger.signed({name: value}))
    for name in ("sub", "sid", "jti"):
        for value in (LEFT_OUT, None, "", 7, [], {}, True):
            forger.assert_refused(forger.signed({name: value}))


def test_check_67b_a_session_id_counts_only_for_its_own_user(
    gateway: SimulatedGateway, forger: Forger, browser: VisitingBrowser
):
    other = gateway.browser()
    other.log_in(person="maya")
    theirs = unb64(other.session().split(".")[1])
    forger.assert_refused(
        forger.signed({"sub": theirs["sub"]}),
        forger.signed({"sid": theirs["sid"]}),
        forger.signed({"sid": "0" * 32}),
    )


def test_check_68_no_other_kind_of_token_passes_for_a_session(
    gateway: SimulatedGateway, browser: VisitingBrowser, forger: Forger
):
    started = browser.start("feishu")
    returned = browser.approve(started)
    state = gateway.sandbox.state
    forger.assert_refused(
        started.state, returned.code, browser.cookie(LOGIN_COOKIE) or "?", browser.me()["csrf_token"],
        *state.access_tokens, *state.refresh_tokens, "ops-token-4d1f8a2b", gateway.sandbox.settings["OAUTH2_CLIENT_SECRET"],
    )  # fmt: skip
    for kind in (
        "JWT",
        "jwt",
        "at+jwt",
        "id_token",
        "refresh+jwt",
        "state+jwt",
        "SESSION+JWT",
        "",
        None,
        LEFT_OUT,
    ):
        forger.assert_refused(forger.signed(header={"typ": kind}))
    ours = {"iss": f"oauth2:{gateway.sandbox.url}", "aud": gateway.sandbox.settings["OAUTH2_CLIENT_ID"]}
    forger.assert_refused(forger.signed(ours), forger.signed(ours | {"nonce": "n"}, {"typ": "JWT"}))


def test_check_71_a_rotated_signing_key_is_good_until_its_last_token_ends(
    gateway: SimulatedGateway, browser: VisitingBrowser, forger: Forger
):
    new = rotate_signing_key(gateway.services)
    forger.assert_accepted(forger.good)
    published = browser.get("/.well-known/jwks.json").get_json()["keys"]
    assert {key["kid"] for key in published} == {forger.kid, new}
    assert not any({"d", "k", "p", "q"} & key.keys() for key in published)
    later = gateway.browser()
    later.log_in()
    assert jwt.get_unverified_header(later.session())["kid"] == new
    gateway.clock.advance(seconds=900 + 121)
    assert [key["kid"] for key in browser.get("/.well-known/jwks.json").get_json()["keys"]] == [new]
    forger.assert_refused(forger.good)


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/user/info", "/auth/verify"])
def test_check_72_a_malformed_authorization_header_is_401_even_beside_a_good_cookie(
    browser: VisitingBrowser, forger: Forger, path: str
):
    good = forger.good
    for value in (
        f"Bearer  {good}", f" Bearer  {good}", f"Bearer {good} x", f"Bearer {good},{good}", "Bearer", "Bearer ", "",
        f"Bearer\t{good}", f"Token {good}", good, f"Bearer {good}\xe9", "Bearer \xff\xfe", f"Bearer {'a' * 30_000}",
        f"bearer: {good}", f'Bearer "{good}"', f"Digest {good}", f"Bearer{good}", "Negotiate", f"Bearer {good[:-3]}",
    ):  # fmt: skip
        answer = browser.get(path, headers={"Authorization": value})
        assert answer.status_code == 401, value[:80]
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    twice = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")]
    assert browser.get(path, headers=twice).status_code == 401


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
@pytest.mark.parametrize("secret", ["short", "k7Qz" * 7 + "abc", "a" * 32])
def test_check_73_no_environment_starts_with_a_short_or_empty_worded_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, secret: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channels.toml").write_text("")
    settings = {"APP_ENV": environment, "SECRET_KEY": secret, "PUBLIC_BASE_URL": BASE_URL, "SANDBOX": "0"}
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        build_services(settings)


def test_check_73b_sessions_are_never_signed_with_a_shared_secret(browser: VisitingBrowser, forger: Forger):
    assert forger.header["alg"] == "ES256"
    keys = browser.get("/.well-known/jwks.json").get_json()["keys"]
    assert {key["kty"] for key in keys} == {"EC"}
