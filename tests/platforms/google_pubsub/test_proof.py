"""What proves a push of Pub/Sub, and what does not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import KeyFinder
from app.core.values import Coverage
from sandbox.platforms.google_pubsub.signer import jwks, signed
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.google_pubsub.pushing import (
    ACCOUNT,
    ADDRESS,
    AUDIENCE,
    SUBSCRIPTION,
    bearer,
    channel,
    envelope,
    push,
    remote,
)
from tests.platforms.recorded import Remote, judge, opened


def refusal(request: Any, http: Any = None, **settings: Any) -> str:
    judged = judge(channel(**settings), request, http or remote())
    assert judged.outcome == "refuse"
    return judged.why


def test_a_push_is_proven_with_the_key_that_google_publishes() -> None:
    http = remote()
    (event,) = judge(channel(), push(), http).events
    assert (event.type, event.key) == ("pubsub", f"{SUBSCRIPTION}:207")
    assert http.asked == [f"GET {ADDRESS}"]


def test_with_keys_of_its_own_a_channel_asks_nobody() -> None:
    source = channel(jwks=jwks())
    assert not isinstance(source, KeyFinder)
    assert judge(source, push()).outcome == "accept"


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
def test_google_writes_its_name_in_two_ways(issuer: str) -> None:
    assert judge(channel(), push(made=bearer(iss=issuer)), remote()).outcome == "accept"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://accounts.google.com.evil.example"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"aud": "https://other.example"}, "wrong_audience"),
        ({"aud": [AUDIENCE]}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"email": "other@proj.iam.gserviceaccount.com"}, "wrong_email"),
        ({"email": None}, "wrong_email"),
        ({"email_verified": False}, "email_not_verified"),
        ({"email_verified": "true"}, "email_not_verified"),
        ({"email_verified": None}, "email_not_verified"),
        ({"exp": None}, "bad_token_time"),
        ({"exp": "never"}, "bad_token_time"),
        ({"exp": SECONDS - 11}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS + 11}, "timestamp_outside_tolerance"),
        ({"nbf": SECONDS + 11}, "timestamp_outside_tolerance"),
    ],
)
def test_every_claim_counts(claims: dict[str, Any], why: str) -> None:
    assert refusal(push(made=bearer(**claims))) == why


@pytest.mark.parametrize("claims", [{"exp": SECONDS - 9}, {"iat": SECONDS + 9}])
def test_clocks_may_differ_a_little(claims: dict[str, Any]) -> None:
    assert judge(channel(), push(made=bearer(**claims)), remote()).outcome == "accept"
    assert refusal(push(made=bearer(**claims)), clock_skew_s=0) == "timestamp_outside_tolerance"


def test_a_token_is_good_for_an_hour() -> None:
    late = push()._replace(received_at=NOW + timedelta(hours=1, seconds=11))
    assert refusal(late) == "timestamp_outside_tolerance"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS512", "ES256"])
def test_no_other_algorithm_is_taken_nor_a_key_asked_for(algorithm: str) -> None:
    http = remote()
    made = signed({"aud": AUDIENCE}, {"alg": algorithm, "kid": jwks()["keys"][0]["kid"]})
    assert refusal(push(made=made), http) == "algorithm_not_allowed"
    assert http.asked == []
    assert refusal(push(made=made), jwks=jwks()) == "algorithm_not_allowed"


@pytest.mark.parametrize("header", [{}, {"kid": ""}, {"kid": 5}, {"kid": "a b"}, {"kid": "x" * 129}], ids=str)
def test_a_token_without_a_usable_key_id_causes_no_call(header: dict[str, Any]) -> None:
    http = remote()
    assert refusal(push(made=signed({}, {"alg": "RS256"} | header)), http) == "malformed_signature"
    assert http.asked == []


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit"])
def test_a_token_that_brings_its_key_is_refused(name: str) -> None:
    made = signed({}, {"alg": "RS256", "kid": "a", name: ["x"]})
    assert refusal(push(made=made)) in ("bad_token_header", "malformed_signature")


def test_a_key_that_google_does_not_publish_proves_nothing() -> None:
    made = signed({"aud": AUDIENCE}, {"alg": "RS256", "kid": "other"})
    assert refusal(push(made=made)) == "unknown_key"


def test_a_key_under_another_keys_id_proves_nothing() -> None:
    own = jwks()["keys"][0]
    weak = own | {"n": own["n"][:-4] + "AAAB"}
    assert refusal(push(), remote(keys=[weak])) == "bad_signature"


@pytest.mark.parametrize(
    "change", [{"kty": "oct", "k": "AAAA"}, {"use": "enc"}, {"n": "AQAB"}, {"alg": "PS256"}], ids=str
)
def test_a_key_that_is_no_rs256_key_proves_nothing(change: dict[str, Any]) -> None:
    http = remote(keys=[jwks()["keys"][0] | change])
    assert refusal(push(), http) in ("unknown_key", "bad_signature")


@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "claims", "signature"])
def test_each_part_of_the_token_is_covered(place: int) -> None:
    parts = bearer().split(".")
    middle = len(parts[place]) // 2
    parts[place] = (
        parts[place][:middle] + ("A" if parts[place][middle] != "A" else "B") + parts[place][middle + 1 :]
    )
    assert judge(channel(), push(made=".".join(parts)), remote()).outcome == "refuse"
    assert urlsafe_b64decode(parts[0] + "==")


@pytest.mark.parametrize("scheme", ["Basic", "", "Token"])
def test_a_push_without_a_bearer_token_is_refused(scheme: str) -> None:
    assert refusal(push(made="", Authorization=f"{scheme} {bearer()}")) == "missing_token"
    assert refusal(push(made="")) == "missing_token"


def test_a_doubled_header_is_refused() -> None:
    request = push()
    assert refusal(request._replace(headers=request.headers * 2)) == "duplicate_header"


@pytest.mark.parametrize("subscription", ["projects/proj/subscriptions/other", None, 5])
def test_a_push_of_another_subscription_is_refused(subscription: Any) -> None:
    assert refusal(push(envelope() | {"subscription": subscription})) == "wrong_subscription"


def test_without_subscriptions_any_is_taken_and_the_message_alone_is_the_key() -> None:
    source = channel(subscriptions=[])
    (event,) = judge(
        source, push(envelope() | {"subscription": "projects/proj/subscriptions/other"}), remote()
    ).events
    assert event.key == "207"


def test_the_token_says_nothing_about_the_body_and_operators_are_shown_that() -> None:
    assert channel().signature_covers is Coverage.ORIGIN


def test_only_googles_keys_are_called() -> None:
    assert channel().origins == {"https://www.googleapis.com:443"}


def test_a_set_without_keys_is_an_error_of_google() -> None:
    for text in ("{}", '{"keys":5}'):
        with pytest.raises(UpstreamError, match="no list of keys"):
            channel().fetch_keys("a", Remote({ADDRESS: text}), NOW)
    with pytest.raises(UpstreamError):
        channel().fetch_keys("a", Remote({ADDRESS: json.dumps(jwks())}, status=302), NOW)
    with pytest.raises(UpstreamUnavailable):
        channel().fetch_keys("a", Remote({ADDRESS: "{}"}, status=503), NOW)


@pytest.mark.parametrize(
    "settings", [{"subscriptions": "gateway"}, {"jwks": {"keys": []}}, {"clock_skew_s": 301}], ids=str
)
def test_what_is_written_wrongly_is_told_at_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        channel(**settings)


def test_the_account_may_be_called_as_google_calls_it() -> None:
    source = opened("google-pubsub", {"audience": AUDIENCE, "service_account_email": ACCOUNT})
    assert source.settings.service_account == ACCOUNT


@pytest.mark.parametrize(
    ("name", "missing"), [("audience", "audience"), ("service_account", "service_account")]
)
def test_without_audience_or_account_no_callbacks_are_taken(name: str, missing: str) -> None:
    assert channel(**{name: ""}).settings.missing_signature_secret() == missing
    assert judge(channel(**{name: ""}), push(made=bearer(aud="", email="")), remote()).outcome == "refuse"
