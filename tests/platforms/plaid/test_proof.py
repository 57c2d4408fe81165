"""Which webhooks of Plaid are proven, how its key is asked for, and what is not believed."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.platforms.plaid import PLATFORM
from sandbox.cloud_keys import EC_KEY, RSA_KEY, private_key, public_pem
from sandbox.platforms.plaid.api import KEY_ID
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.plaid.sample import BODY, SETTINGS, webhook
from tests.platforms.recorded_cases import RecordedNetwork, event, refusal

URL = "POST https://production.plaid.com/webhook_verification_key/get"
JWK = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private_key(EC_KEY).public_key()))


def channel(**keys: Any) -> Any:
    return PLATFORM.open("plaid", PLATFORM.settings.model_validate(SETTINGS | keys))


def answered(key: Any, status: int = 200) -> Any:
    said = {"key": key} if status == 200 else key
    return channel(public_keys={}).fetch_keys(KEY_ID, RecordedNetwork({URL: json.dumps(said)}, status), NOW)


def made(claims: dict[str, Any], *, algorithm: str = "ES256", key: Any = None, **header: Any) -> Any:
    """Return a delivery whose token PyJWT made."""
    own = {"iat": SECONDS, "request_body_sha256": event(channel(), webhook()).key} | claims
    signer = private_key(EC_KEY) if key is None else key
    token = jwt.encode(own, signer, algorithm=algorithm, headers={"kid": KEY_ID} | header)
    return delivery(BODY, {"Plaid-Verification": token})


def test_a_token_that_an_independent_library_made_is_believed() -> None:
    found = event(channel(), made({}))
    assert (found.type, found.subject) == ("TRANSACTIONS.DEFAULT_UPDATE", "item-1")


def test_the_library_believes_the_simulators_token() -> None:
    token = webhook().header("Plaid-Verification") or ""
    claims = jwt.decode(token, public_pem(EC_KEY), ["ES256"], options={"verify_iat": False})
    assert claims["iat"] == SECONDS


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (delivery(BODY), "missing_signature_header"),
        (delivery(BODY, {"Plaid-Verification": ""}), "missing_signature_header"),
        (delivery(BODY, {"Plaid-Verification": "a.b"}), "malformed_signature"),
        (webhook(at=SECONDS - 301), "timestamp_outside_tolerance"),
        (webhook(at=SECONDS + 301), "timestamp_outside_tolerance"),
        (webhook(about=BODY + b" "), "wrong_body"),
        (webhook(kid="other"), "unknown_key"),
        (webhook(kid="../evil"), "bad_key_name"),
        (webhook(kid=""), "bad_key_name"),
    ],
    ids=["none", "empty", "cut", "old", "early", "other body", "other key", "path", "no kid"],
)
def test_what_plaid_does_not_send_is_refused(request_: Any, reason: str) -> None:
    source = channel()
    claim = reason != "unknown_key"
    assert refusal(source, request_) == reason
    assert claim or source.claimed_key(request_) == "other"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (made({"request_body_sha256": ""}), "wrong_body"),
        (made({"request_body_sha256": 5}), "wrong_body"),
        (made({"iat": str(SECONDS)}), "bad_token_time"),
        (made({"iat": None}), "bad_token_time"),
        (made({}, algorithm="HS256", key="k" * 32), "algorithm_not_allowed"),
        (made({}, algorithm="RS256", key=private_key(RSA_KEY)), "algorithm_not_allowed"),
        (made({}, jwk=JWK), "bad_token_header"),
        (made({}, algorithm="none", key=""), "malformed_signature"),
    ],
    ids=["empty digest", "number", "text time", "no time", "HS256", "RS256", "own key", "none"],
)
def test_a_token_with_other_words_is_refused(request_: Any, reason: str) -> None:
    assert refusal(channel(), request_) == reason


def test_the_key_is_asked_for_with_the_clients_secret() -> None:
    http = RecordedNetwork({URL: json.dumps({"key": JWK | {"kid": KEY_ID, "expired_at": None}})})
    source = channel(public_keys={})
    found = source.fetch_keys(KEY_ID, http, NOW)
    assert http.calls[0]["json"] == {
        "client_id": "client-id-1",
        "secret": "secret-of-the-tests",
        "key_id": KEY_ID,
    }
    assert source.verify_with_key(webhook(), NOW, found[KEY_ID]).scheme == "jwt"


@pytest.mark.parametrize("changes", [{"expired_at": SECONDS}, {"kid": "another"}])
def test_a_key_that_has_ended_or_has_another_name_is_none(changes: dict[str, Any]) -> None:
    assert answered(JWK | changes) == {}


def test_a_key_that_plaid_does_not_know_is_none() -> None:
    said = {"error_type": "INVALID_INPUT", "error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID"}
    assert answered(said, 400) == {}


def test_a_wrong_secret_is_the_operators_to_mend() -> None:
    with pytest.raises(UpstreamError, match="compare"):
        answered({"error_type": "INVALID_INPUT", "error_code": "INVALID_API_KEYS"}, 400)


def test_a_busy_platform_may_be_asked_again() -> None:
    with pytest.raises(UpstreamUnavailable):
        answered({}, 503)


@pytest.mark.parametrize("key", [None, [], {"kty": "oct"}, JWK | {"crv": "P-384"}, JWK | {"x": "AA"}])
def test_what_is_no_key_is_not_believed(key: Any) -> None:
    with pytest.raises(UpstreamError):
        answered(key)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"webhook_type":"A"}', b'{"webhook_type":"A","webhook_code":"a b"}']
)
def test_a_body_without_a_type_is_a_payload_error(body: bytes) -> None:
    assert refusal(channel(), webhook(body)) in {"not_a_json_object", "bad_type"}


def test_what_is_missing_to_ask_for_keys_is_named() -> None:
    names = [
        channel(public_keys={}, **keys).settings.missing_signature_secret()
        for keys in ({"client_id": ""}, {"secret": ""}, {})
    ]
    assert names == ["client_id", "secret", None]
