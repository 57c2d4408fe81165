"""What proves a message of Huawei Account, and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import RequestError, UpstreamError, VerificationError
from app.core.ports import KeyFinder
from sandbox.platforms.huawei_account.signer import jwks, signed, token
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.huawei_account.messages import (
    CLIENT_ID,
    CONFIGURATION,
    KEYS,
    channel,
    message,
    push,
    remote,
)
from tests.platforms.recorded import judge


def made(**claims: Any) -> str:
    return token(client_id=CLIENT_ID, now=SECONDS, **claims)


def refusal(request: Any, http: Any = None, **settings: Any) -> str:
    judged = judge(channel(**settings), request, http or remote())
    assert judged.outcome == "refuse"
    return judged.why


def test_a_message_is_proven_with_the_key_that_the_configuration_leads_to() -> None:
    http = remote()
    (event,) = judge(channel(), push(), http).events
    assert (event.type, event.key, event.subject) == ("account-purged", "6672ed7d", "open-1")
    assert http.asked == [f"GET {CONFIGURATION}", f"GET {KEYS}"]


def test_with_keys_of_its_own_a_channel_asks_nobody() -> None:
    assert not isinstance(channel(jwks=jwks()), KeyFinder)
    assert judge(channel(jwks=jwks()), push()).outcome == "accept"


def test_every_claim_counts() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"iss": "https://accounts.huawei.com"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"aud": "104002001"}, "wrong_audience"),
        ({"aud": [CLIENT_ID]}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"exp": SECONDS - 61}, "timestamp_outside_tolerance"),
        ({"exp": None, "iat": SECONDS - 86_401}, "timestamp_outside_tolerance"),
        ({"exp": None, "iat": None}, "bad_token_time"),
        ({"iat": SECONDS + 61}, "timestamp_outside_tolerance"),
        ({"exp": "never"}, "bad_token_time"),
    ]
    assert [refusal(push(made=made(**claims))) for claims, _ in cases] == [why for _, why in cases]


def test_a_token_without_an_end_is_good_for_as_long_as_the_channel_says() -> None:
    late = push(made=made(exp=None))._replace(received_at=NOW + timedelta(hours=2))
    assert judge(channel(), late, remote()).outcome == "accept"
    assert refusal(late, oldest_s=3600) == "timestamp_outside_tolerance"


def test_no_other_algorithm_is_taken_nor_a_key_asked_for() -> None:
    for algorithm in ("HS256", "none", "RS512", "EdDSA", None):
        http = remote()
        forged = signed({"aud": CLIENT_ID}, {"alg": algorithm, "kid": jwks()["keys"][0]["kid"]})
        assert refusal(push(made=forged), http) in ("algorithm_not_allowed", "malformed_signature")
        assert http.asked == []


def test_a_token_that_says_another_algorithm_than_its_key_proves_nothing() -> None:
    forged = signed({"aud": CLIENT_ID}, {"alg": "PS256", "kid": jwks()["keys"][0]["kid"]})
    assert refusal(push(made=forged)) == "bad_signature"


def test_a_message_for_another_application_is_refused() -> None:
    assert refusal(push([message(), message(aud="104002001", jti="2")])).startswith("wrong_aud")


def test_without_a_token_there_is_no_proof() -> None:
    assert refusal(push(made="")) == "missing_token"
    assert refusal(push(made="", Authorization="Basic eDp5")) == "missing_token"


@pytest.mark.parametrize(
    "said",
    [
        {"jwks_uri": "https://keys.evil.example/certs"},
        {"jwks_uri": "https://risc.cloud.huawei.com.evil.example/certs"},
        {"jwks_uri": 5},
        {"issuer": ""},
    ],
    ids=str,
)
def test_keys_elsewhere_are_not_fetched(said: dict[str, Any]) -> None:
    http = remote(said)
    with pytest.raises(UpstreamError) as caught:
        channel().fetch_keys("any", http, NOW)
    assert (caught.value.code, http.asked) == ("bad_discovery", [f"GET {CONFIGURATION}"])


def test_a_refusal_is_worded_as_rfc_8935_has_it() -> None:
    words = {
        "wrong_issuer": "invalid_issuer", "wrong_audience": "invalid_audience", "unknown_key": "invalid_key",
        "missing_token": "authentication_failed",
    }  # fmt: skip
    for reason, word in words.items():
        reply = channel().refuse(push(), VerificationError(reason))
        assert (reply.status, word.encode() in reply.body) == (401, True)
    assert b"invalid_request" in channel().refuse(push(), RequestError("bad_payload", "No.")).body
