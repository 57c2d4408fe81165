"""Signed calls as their gateways want them, pages as their providers want them, and which capabilities a login has."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt as peer
from joserfc.jwk import ECKey

from app.core.errors import (
    TokenRejected,
    UpstreamError,
)
from app.core.login_ports import RefusalReader
from app.core.ports import (
    AppTokenLogin,
    AuthorizeRequest,
    DiscoveringLogin,
    LoginPages,
    LoginProvider,
    PostedReturn,
    TokenRevoker,
)
from app.core.values import TokenSet
from tests.logins.replaying import query_of
from tests.logins.scripted import GRANT, NOW, SECRET, TOKEN, Scripted, login
from tests.logins.signing_keys import ALIPAY_PRIVATE, APPLE_KEY


def test_apples_secret_is_a_token_its_own_key_signed():
    document = {"issuer": "https://appleid.apple.com", "jwks_uri": "https://appleid.apple.com/auth/keys"}
    http = Scripted(document, TOKEN, {"keys": []})
    with pytest.raises(TokenRejected):
        login("apple").exchange(GRANT, http)
    made = http.calls[1]["form"]["client_secret"]
    read = peer.decode(made, ECKey.import_key(APPLE_KEY), algorithms=["ES256"])
    assert read.header["kid"] == "KEY1234567"
    assert read.claims == {
        "iss": "TEAM123456", "sub": "client-apple", "aud": "https://appleid.apple.com", "iat": int(NOW), "exp": int(NOW) + 300,
    }  # fmt: skip


def test_a_private_key_that_is_none_is_told_and_not_shown():
    http = Scripted(
        {"issuer": "https://appleid.apple.com", "jwks_uri": "https://appleid.apple.com/auth/keys"}, TOKEN
    )
    with pytest.raises(UpstreamError) as caught:
        login("apple", private_key="not-a-key-at-all").exchange(GRANT, http)
    assert "private_key" in caught.value.message
    assert "not-a-key-at-all" not in caught.value.message


def test_jds_profile_call_is_signed_as_its_gateway_wants():
    made = login("jd")
    tokens = made.exchange(GRANT, Scripted({**TOKEN, "open_id": "jd-1", "code": 0}))
    http = Scripted({"jingdong_user_getUserInfoByOpenId_response": {}})
    made.identity(replace(tokens, asked_at=NOW), http)
    sent = dict(http.calls[0]["params"])
    sign = sent.pop("sign")
    text = SECRET + "".join(name + sent[name] for name in sorted(sent)) + SECRET
    assert sign == hashlib.md5(text.encode()).hexdigest().upper()
    assert (sent["timestamp"], sent["360buy_param_json"]) == ("2026-11-28 08:00:00", '{"openId":"jd-1"}')


def test_alipays_calls_are_signed_with_the_applications_key():
    http = Scripted({"alipay_system_oauth_token_response": {**TOKEN, "open_id": "a-1"}})
    login("alipay").exchange(GRANT, http)
    sent = dict(http.calls[0]["params"])
    signature = base64.b64decode(sent.pop("sign"))
    text = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
    ALIPAY_PRIVATE.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())
    assert sent["sign_type"] == "RSA2"


def test_facebook_is_shown_whose_token_it_is():
    http = Scripted({"id": "1"})
    login("facebook").identity(TokenSet("token-5d2e"), http)
    proof = hmac.new(SECRET.encode(), b"token-5d2e", hashlib.sha256).hexdigest()
    assert http.calls[0]["params"]["appsecret_proof"] == proof


FLOW = AuthorizeRequest("https://gate.example/oauth/x/callback?a=b&c", "st&te", "chal", nonce="n-1")


def test_a_page_has_its_parameters_in_order_and_its_fragment():
    page = login("wechat-open").authorize_url(FLOW)
    names = [pair.split("=")[0] for pair in page.partition("?")[2].partition("#")[0].split("&")]
    assert names == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert page.endswith("#wechat_redirect")


def test_what_is_put_into_a_page_is_encoded():
    query = query_of(login("qq").authorize_url(replace(FLOW, scope="a b,c")))
    assert (query["redirect_uri"], query["state"], query["scope"]) == (FLOW.redirect_uri, "st&te", "a,b,c")


def test_pkce_and_nonce_are_sent_where_they_are_known_to_be_taken():
    sent = {
        slug: set(query_of(login(slug).authorize_url(FLOW)))
        for slug in ("x", "qq", "google", "linkedin", "entra")
    }
    assert {"code_challenge", "code_challenge_method"} <= sent["x"] & sent["google"] & sent["entra"]
    assert not {"code_challenge", "nonce"} & sent["qq"]
    assert "nonce" in sent["google"] & sent["linkedin"]


def test_a_page_inside_the_app_is_chosen_by_its_browser():
    made = login("wecom")
    assert made.page_for("Mozilla/5.0 wxwork/4.1 MicroMessenger/7") == "app"
    assert made.page_for("Mozilla/5.0 Firefox") == "desktop"
    assert made.authorize_url(replace(FLOW, page="app")).startswith(
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid="
    )


def test_a_channel_offers_what_its_description_has_and_nothing_else():
    ports: list[Any] = [
        LoginProvider,
        DiscoveringLogin,
        LoginPages,
        AppTokenLogin,
        PostedReturn,
        RefusalReader,
        TokenRevoker,
    ]
    offers = {
        slug: {port.__name__ for port in ports if isinstance(login(slug), port)}
        for slug in ("qq", "apple", "wecom", "qq-mini")
    }
    usual = {"LoginProvider", "RefusalReader"}
    assert offers == {
        "qq": usual,
        "apple": usual | {"DiscoveringLogin", "PostedReturn", "TokenRevoker"},
        "wecom": usual | {"LoginPages", "AppTokenLogin"},
        "qq-mini": set(),
    }


def test_every_address_goes_below_base():
    made = login("keycloak", issuer="https://sso.example.com/realms/corp", base="http://127.0.0.1:5004/x")
    http = Scripted({
        "issuer": "https://sso.example.com/realms/corp", "authorization_endpoint": "https://sso.example.com/realms/corp/a",
        "token_endpoint": "https://sso.example.com/realms/corp/t", "jwks_uri": "https://sso.example.com/realms/corp/k",
    }, {"keys": []})  # fmt: skip
    made.learn(http)
    assert [call["url"] for call in http.calls] == [
        "http://127.0.0.1:5004/x/realms/corp/.well-known/openid-configuration", "http://127.0.0.1:5004/x/realms/corp/k",
    ]  # fmt: skip
    assert made.authorize_url(FLOW).startswith("http://127.0.0.1:5004/x/realms/corp/a?")
    assert made.private_hosts == {"127.0.0.1:5004"}


def test_tokens_are_ended_in_the_providers_own_way():
    both = TokenSet("acc", refresh_token="ref")
    google, weibo = Scripted(b""), Scripted({"result": "true"})
    login("google").revoke(both, google)
    login("weibo").revoke(both, weibo)
    assert [call["form"]["token"] for call in google.calls] == ["ref", "acc"]
    assert [call["params"] for call in weibo.calls] == [{"access_token": "acc"}]
