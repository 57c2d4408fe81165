"""The simulated OpenID server as joserfc, an independent implementation, reads it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from sandbox.platforms.oauth2.openid import SWITCHES
from tests.platforms.oauth2.simulator_client import oauth2_code, oauth2_get, oauth2_token
from tests.sandbox.server import SandboxServer

ALGORITHMS = ["RS256", "ES256"]


def get(sandbox: SandboxServer, path: str) -> dict[str, Any]:
    answer = requests.get(sandbox.url + path, timeout=5)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def log_in(sandbox: SandboxServer, scope: str = "openid profile") -> dict[str, Any]:
    answer: dict[str, Any] = oauth2_token(sandbox, code=oauth2_code(sandbox, scope=scope, nonce="n-1")).json()
    return answer


def read(sandbox: SandboxServer, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(get(sandbox, "/oauth2/api/oauth2/jwks"))  # type: ignore[arg-type]
    return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)


def test_its_document_names_where_everything_is(sandbox: SandboxServer) -> None:
    said = get(sandbox, "/oauth2/.well-known/openid-configuration")
    assert said["issuer"] == f"{sandbox.url}/oauth2"
    assert requests.get(said["jwks_uri"], timeout=5).json()["keys"]
    assert said["userinfo_endpoint"].startswith(said["issuer"])


@pytest.mark.parametrize("rotated", [False, True])
def test_its_id_token_is_good_for_another_implementation(sandbox: SandboxServer, rotated: bool) -> None:
    sandbox.state.switches["jwks_rotated"] = rotated
    answer = log_in(sandbox)
    claims = read(sandbox, answer["id_token"])
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert (claims["iss"], claims["nonce"]) == (f"{sandbox.url}/oauth2", "n-1")
    assert claims["aud"] == sandbox.settings["OAUTH2_CLIENT_ID"]
    person = oauth2_get(sandbox, "userinfo", answer["access_token"]).json()
    assert person["sub"] == claims["sub"]


def test_without_the_scope_openid_it_is_the_server_it_was(sandbox: SandboxServer) -> None:
    answer = log_in(sandbox, "profile balance")
    assert "id_token" not in answer
    assert "sub" not in oauth2_get(sandbox, "userinfo", answer["access_token"]).json()


def test_its_faults_are_switched_on_by_tools_too(sandbox: SandboxServer) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/switches", json=dict.fromkeys(SWITCHES, True), timeout=5)
    assert answer.status_code == 200
    assert all(answer.json()[name] is True for name in SWITCHES)


def test_a_second_key_of_the_same_name_did_not_sign(sandbox: SandboxServer) -> None:
    sandbox.state.switches["jwks_same_kid"] = True
    first, second = get(sandbox, "/oauth2/api/oauth2/jwks")["keys"]
    assert first["kid"] == second["kid"]
    token = log_in(sandbox)["id_token"]
    with pytest.raises(BadSignatureError):
        jwt.decode(token, KeySet.import_key_set({"keys": [first]}), algorithms=ALGORITHMS)
    assert jwt.decode(token, KeySet.import_key_set({"keys": [second]}), algorithms=ALGORITHMS)
