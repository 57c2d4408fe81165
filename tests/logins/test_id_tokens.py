"""ID tokens by a shared secret and by tenant: what holds is taken, everything else logs nobody in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt as peer
from joserfc.jwk import ECKey, OctKey

from app.core.errors import (
    TokenRejected,
    UpstreamError,
)
from app.core.values import TokenSet
from tests.logins.scripted import GRANT, NOW, SECRET, TOKEN, Scripted, login


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
    known = login("line").identity(
        line(shared_key_token(LINE_CLAIMS)), Scripted({"userId": "U1", "displayName": "Aoi"})
    )
    assert (known.subject, known.name) == ("U1", "Aoi")


def test_a_token_another_implementation_signed_is_taken_too():
    assert (
        line(peer.encode({"alg": "HS256"}, LINE_CLAIMS, OctKey.import_key(SECRET))).access_token
        == "token-5d2e"
    )


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


def entra(
    tenant: object,
    *,
    iss: str | None = None,
    allowed: tuple[str, ...] = (TENANTS[0],),
    algorithms: Any = ("ES256",),
) -> Any:
    made = login(
        "entra", tenant="organizations", tenants=list(allowed), id_token={"algorithms": list(algorithms)}
    )
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
