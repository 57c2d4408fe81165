"""Providers that answer badly, and callers who bring what is not theirs: nobody is logged in, and nothing secret is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt as peer
from joserfc.jwk import ECKey, OctKey

from app.core.errors import CallgateError, GrantRejected, LoginError, RequestError, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenLogin, AuthorizeRequest, DiscoveringLogin, LoginPages, LoginProvider, PostedReturn, RefusalReader, TokenRevoker
from app.core.values import CodeGrant, TokenSet
from app.pipeline.login.return_query import read_return
from tests.logins.conftest import keys_of
from tests.logins.replaying import answer_of, opened, query_of
from tests.logins.signing_keys import ALIPAY_PRIVATE, APPLE_KEY

SECRET = "client-secret-0123456789"
NOW = 1_795_824_000.0
GRANT = CodeGrant("the-code-7f3a", "https://gate.example/oauth/x/callback", "verifier-91bc", nonce="n-1", redeemed_at=NOW)
TOKEN = {"access_token": "token-5d2e", "expires_in": 3600}


class Scripted:
    """Gives these answers in order, the last one again and again, and remembers every call."""

    def __init__(self, *answers: Any):
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.calls.append({"method": method, "url": url, **options})
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, headers, body = said if isinstance(said, tuple) else (200, {}, said)
        return answer_of(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def login(slug: str, **keys: Any) -> Any:
    said = {name: value for name, value in keys_of(slug, "").items() if name not in ("platform", "base", "preset")}
    return opened(slug, said | keys)


HOSTILE = {
    "empty": b"",
    "HTML": b"<html>502</html>",
    "cut": b'{"access_token":"a',
    "list": b"[]",
    "null": b"null",
    "twice": b'{"access_token":"a","access_token":"b"}',
    "deep": b'{"a":' * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "no token": b"{}",
    "token is a list": b'{"access_token":["a"]}',
    "token breaks headers": b'{"access_token":"a\\r\\nX: y"}',
    "token is huge": json.dumps({"access_token": "a" * 100_000}).encode(),
    "error beside a token": b'{"access_token":"a","error":"invalid_grant"}',
}


@pytest.mark.parametrize("slug", ["discord", "qq", "xiaomi", "douyin", "wechat-open", "google", "notion"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_answer_logs_nobody_in(slug: str, name: str):
    with pytest.raises(UpstreamError) as caught:
        _exchanged(login(slug), Scripted(HOSTILE[name]))
    for secret in (SECRET, GRANT.code, GRANT.code_verifier):
        assert secret not in str(caught.value)


def _exchanged(made: Any, http: Scripted) -> TokenSet:
    if hasattr(made, "engine") and made.engine.server is not None:
        document = {"issuer": made.engine.issuer, "jwks_uri": made.engine.issuer + "/keys"}
        http.answers.insert(0, document)
    tokens: TokenSet = made.exchange(GRANT, http)
    return tokens


@pytest.mark.parametrize(
    "person",
    [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1e16}, {"id": ["1"]}, {"id": {"a": 1}}, {"id": "a\x00b"}, {"id": "x" * 300}, {"id": "\ud800"}],
    ids=["missing", "null", "empty", "true", "float", "list", "object", "NUL", "long", "half a character"],
)
def test_an_id_that_is_not_exact_is_no_login(person: dict[str, Any]):
    with pytest.raises(UpstreamError):
        login("discord").identity(TokenSet("t"), Scripted(person))


def test_a_nineteen_digit_id_stays_exact():
    known = login("discord").identity(TokenSet("t"), Scripted({"id": 9_007_199_254_740_993_123}))
    assert (known.issuer, known.subject_kind, known.subject) == ("discord", "id", "9007199254740993123")


def test_ids_of_two_kinds_are_never_the_same_person():
    by_open_id = login("baidu").identity(TokenSet("t"), Scripted({"openid": "7", "userid": "7"}))
    by_user_id = login("baidu").identity(TokenSet("t"), Scripted({"userid": "7"}))
    assert (by_open_id.subject_kind, by_user_id.subject_kind) == ("open_id", "user_id")


def test_a_picture_must_be_a_web_address():
    known = login("figma").identity(TokenSet("t"), Scripted({"id": "1", "img_url": "javascript:alert(1)"}))
    assert known.avatar_url is None


def test_a_code_is_redeemed_in_one_call_even_when_the_provider_is_busy():
    http = Scripted((503, {"Retry-After": "7"}, b"busy"))
    with pytest.raises(UpstreamUnavailable) as caught:
        login("discord").exchange(GRANT, http)
    assert (len(http.calls), caught.value.retry_after) == (1, 7)


def test_two_codes_that_differ_are_refused_before_anything_is_asked():
    with pytest.raises(RequestError):
        read_return(b"authCode=A&code=B&state=s", login("dingtalk").code_parameters)


def test_a_return_with_an_unknown_error_is_left_to_the_pipeline():
    assert login("google").refused_return("something_new", {}) is None


def test_a_persons_no_has_one_word_whatever_the_provider_calls_it():
    for slug, error, given in (("apple", "user_cancelled_authorize", {}), ("xiaomi", "96012", {}), ("qq", None, {"usercancel": "1"})):
        told = login(slug).refused_return(error, given)
        assert isinstance(told, LoginError)
        assert told.code == "access_denied"


def test_a_good_return_is_no_refusal():
    for slug in ("qq", "google", "wecom", "discord"):
        assert login(slug).refused_return(None, {}) is None


def test_a_refresh_without_a_refresh_token_asks_nobody():
    http = Scripted({})
    for made, tokens in ((login("discord"), TokenSet("a")), (login("weibo"), TokenSet("a", refresh_token="r"))):
        with pytest.raises(GrantRejected):
            made.refresh(tokens, http)
    assert http.calls == []


def test_what_a_refresh_does_not_name_stays():
    old = TokenSet("a", refresh_token="r", scope="s", extra={"login": "[]"}, asked_at=NOW)
    fresh = login("figma").refresh(old, Scripted({"access_token": "b"}))
    assert (fresh.access_token, fresh.refresh_token, fresh.scope, fresh.extra) == ("b", "r", "s", old.extra)


def test_the_secret_stands_only_where_the_description_puts_it():
    http = Scripted(TOKEN)
    login("bitbucket").exchange(GRANT, http)
    assert SECRET not in json.dumps(http.calls)
    assert http.calls[0]["headers"]["Authorization"] == "Basic " + base64.b64encode(f"client-bitbucket:{SECRET}".encode()).decode()


def test_a_session_key_is_never_kept():
    tokens = login("qq-mini").exchange(GRANT, Scripted({"errcode": 0, "openid": "o", "session_key": "hidden-key"}))
    assert "hidden-key" not in repr(dict(tokens.extra))


def test_a_token_of_another_application_is_refused():
    answers = Scripted({"aud": "another-client", "user_id": "u"}, {"user_id": "u", "name": "n"})
    with pytest.raises(TokenRejected):
        login("amazon").identity(TokenSet("t"), answers)


def test_a_workspace_is_no_person():
    owner = {"type": "workspace", "workspace": True}
    made = login("notion")
    with pytest.raises(GrantRejected) as caught:
        made.identity(made.exchange(GRANT, Scripted({**TOKEN, "owner": owner})), Scripted({}))
    assert caught.value.hint == "anonymous_user"


# ID tokens


def shared_key_token(claims: dict[str, Any], secret: str = SECRET, alg: str = "HS256") -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": alg, "typ": "JWT"}, claims)
    )
    mac = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


LINE_CLAIMS = {
    "iss": "https://access.line.me", "aud": "client-line", "sub": "U1", "iat": int(NOW) - 5, "exp": int(NOW) + 600, "nonce": "n-1",
}  # fmt: skip


def line(token: Any) -> TokenSet:
    answer = dict(TOKEN) if token is None else {**TOKEN, "id_token": token}
    tokens: TokenSet = login("line").exchange(GRANT, Scripted(answer))
    return tokens


def test_a_token_signed_with_the_channel_secret_is_taken_where_the_description_says_so():
    known = login("line").identity(line(shared_key_token(LINE_CLAIMS)), Scripted({"userId": "U1", "displayName": "Aoi"}))
    assert (known.subject, known.name) == ("U1", "Aoi")


def test_a_token_another_implementation_signed_is_taken_too():
    assert line(peer.encode({"alg": "HS256"}, LINE_CLAIMS, OctKey.import_key(SECRET))).access_token == "token-5d2e"


@pytest.mark.parametrize("number", range(17))
def test_a_token_that_does_not_hold_is_refused(number: int):
    without_nonce = {name: value for name, value in LINE_CLAIMS.items() if name != "nonce"}
    good = shared_key_token(LINE_CLAIMS)
    bad: list[Any] = [
        None, "", "a.b.c", "a.b", 5, shared_key_token(LINE_CLAIMS, "another secret"), shared_key_token(LINE_CLAIMS, alg="none"),
        shared_key_token(LINE_CLAIMS, alg="HS512"), good[:-1], good.rsplit(".", 1)[0] + ".", shared_key_token(without_nonce),
        *(
            shared_key_token({**LINE_CLAIMS, **change})
            for change in (
                {"nonce": "another"}, {"aud": "another"}, {"iss": "https://access.line.me/"}, {"exp": int(NOW) - 1},
                {"iat": int(NOW) - 5000}, {"sub": 5},
            )
        ),
    ]  # fmt: skip
    with pytest.raises(TokenRejected) as caught:
        line(bad[number])
    assert (caught.value.code, caught.value.hint) == ("bad_id_token", "id_token")


def test_a_profile_of_somebody_else_is_refused():
    with pytest.raises(TokenRejected):
        login("line").identity(line(shared_key_token(LINE_CLAIMS)), Scripted({"userId": "U2"}))


KEY = ECKey.generate_key("P-256", {"kid": "k1"})
TENANTS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")


def entra(tenant: object, *, iss: str | None = None, allowed: tuple[str, ...] = (TENANTS[0],), algorithms: Any = ("ES256",)) -> Any:
    made = login("entra", tenant="organizations", tenants=list(allowed), id_token={"algorithms": list(algorithms)})
    issuer = iss or f"https://login.microsoftonline.com/{tenant}/v2.0"
    claims = {
        "iss": issuer, "aud": "client-entra", "sub": "s", "oid": "o-1", "tid": tenant, "iat": int(NOW), "exp": int(NOW) + 600,
        "nonce": "n-1",
    }  # fmt: skip
    token = peer.encode({"alg": "ES256", "kid": "k1"}, claims, KEY, algorithms=["ES256"])
    document = {
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        "jwks_uri": "https://login.microsoftonline.com/common/discovery/v2.0/keys",
    }
    http = Scripted(document, {**TOKEN, "id_token": token}, {"keys": [KEY.as_dict(private=False)]})
    return made.identity(made.exchange(GRANT, http), http)


def test_a_tenants_person_is_known_by_tenant_and_object_id():
    known = entra(TENANTS[0])
    assert (known.issuer, known.subject_kind, known.subject) == (f"entra:{TENANTS[0]}", "oid", "o-1")


def test_a_tenant_that_is_not_listed_is_refused():
    with pytest.raises(UpstreamError) as caught:
        entra(TENANTS[1])
    assert (caught.value.hint, caught.value.http_status) == ("tenant", 403)


@pytest.mark.parametrize(
    ("tenant", "iss"),
    [
        (TENANTS[0], f"https://login.microsoftonline.com/{TENANTS[1]}/v2.0"),
        (TENANTS[0], "https://login.microsoftonline.com/{tid}/v2.0"),
        ("../evil", None),
        (None, None),
        (5, None),
    ],
)
def test_an_issuer_that_is_not_its_tenants_is_refused(tenant: object, iss: str | None):
    with pytest.raises(TokenRejected):
        entra(tenant, iss=iss, allowed=())


def test_an_algorithm_that_is_not_listed_is_refused():
    with pytest.raises(TokenRejected):
        entra(TENANTS[0], algorithms=("RS256",))


@pytest.mark.parametrize("changes", [{"issuer": "https://login.microsoftonline.com/a/b/v2.0"}, {"issuer": "https://evil.example/x/v2.0"}, {"jwks_uri": "http://login.microsoftonline.com/k"}, {"jwks_uri": "https://evil.example/k"}, {"jwks_uri": "https://127.0.0.1/k"}])  # fmt: skip
def test_a_document_that_leads_elsewhere_is_refused(changes: dict[str, str]):
    document = {
        "issuer": f"https://login.microsoftonline.com/{TENANTS[0]}/v2.0",
        "jwks_uri": "https://login.microsoftonline.com/k",
    }
    with pytest.raises(UpstreamError) as caught:
        login("entra", tenant="organizations").learn(Scripted(document | changes))
    assert caught.value.code == "bad_discovery"


# Signed calls


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
    http = Scripted({"issuer": "https://appleid.apple.com", "jwks_uri": "https://appleid.apple.com/auth/keys"}, TOKEN)
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


# Pages and capabilities

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
    sent = {slug: set(query_of(login(slug).authorize_url(FLOW))) for slug in ("x", "qq", "google", "linkedin", "entra")}
    assert {"code_challenge", "code_challenge_method"} <= sent["x"] & sent["google"] & sent["entra"]
    assert not {"code_challenge", "nonce"} & sent["qq"]
    assert "nonce" in sent["google"] & sent["linkedin"]


def test_a_page_inside_the_app_is_chosen_by_its_browser():
    made = login("wecom")
    assert made.page_for("Mozilla/5.0 wxwork/4.1 MicroMessenger/7") == "app"
    assert made.page_for("Mozilla/5.0 Firefox") == "desktop"
    assert made.authorize_url(replace(FLOW, page="app")).startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=")


def test_a_channel_offers_what_its_description_has_and_nothing_else():
    ports: list[Any] = [LoginProvider, RefusalReader, DiscoveringLogin, LoginPages, AppTokenLogin, PostedReturn, TokenRevoker]
    offers = {slug: {port.__name__ for port in ports if isinstance(login(slug), port)} for slug in ("qq", "apple", "wecom", "qq-mini")}
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


def test_no_failure_of_any_login_tells_a_secret():
    http = Scripted((400, {}, {"error": SECRET, "error_description": GRANT.code, "message": "token-5d2e"}))
    for slug in ("discord", "qq", "wecom", "figma", "x", "line", "notion"):
        with pytest.raises(CallgateError) as caught:
            login(slug).exchange(replace(GRANT, app_token="token-5d2e"), http)
        told = f"{caught.value} {getattr(caught.value, 'platform_code', '')}"
        assert not any(secret in told for secret in (SECRET, GRANT.code, "token-5d2e"))
