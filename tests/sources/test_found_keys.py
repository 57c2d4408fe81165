"""Tokens whose keys are at an address: the claim is read, the key set fetched, the request proven, nothing else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import HttpAnswer
from app.wire.sources.connector import KeySide
from tests.sources.firing import NOW, fired
from tests.sources.judging import opened


class Answering:
    """Answers every call with one body, as the guarded client hands it over."""

    def __init__(self, body: dict[str, Any], status: int = 200):
        self.body, self.status = body, status
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: Any) -> HttpAnswer:
        self.asked.append(f"{method} {url}")
        return HttpAnswer(self.status, {}, json.dumps(self.body).encode(), lambda: self.body)


def test_a_token_is_proven_with_the_key_that_its_platform_publishes() -> None:
    request, keys = fired("kinde")
    source: Any = opened("kinde", {name: value for name, value in keys.items() if name != "jwks"})
    assert issubclass(type(source), KeySide)
    http = Answering(keys["jwks"])
    found = source.fetch_keys(source.claimed_key(request), http, NOW)
    assert http.asked == ["GET https://acme.kinde.com/.well-known/jwks.json"]
    assert source.origins == frozenset({"https://acme.kinde.com"})
    verified = source.verify_with_key(request, NOW, found["sandbox"])
    assert source.parse(request, verified).key
    altered = request._replace(body=request.body[:-4] + b"AAAA")
    with pytest.raises(VerificationError):
        source.verify_with_key(altered, NOW, found["sandbox"])


def test_the_address_of_the_keys_may_hold_a_setting() -> None:
    source: Any = opened("kinde", {"issuer": "https://acme.kinde.com"})
    assert source.jwks_url == "https://acme.kinde.com/.well-known/jwks.json"


def test_what_is_no_key_set_is_an_error_of_the_platform() -> None:
    source: Any = opened("kinde", {"issuer": "https://acme.kinde.com"})
    with pytest.raises(UpstreamError, match="no list of keys"):
        source.fetch_keys("sandbox", Answering({"keys": None}), NOW)


@pytest.mark.parametrize(
    ("status", "fault"), [(503, UpstreamUnavailable), (429, UpstreamUnavailable), (302, UpstreamError)]
)
def test_a_busy_platform_may_be_asked_again_and_any_other_answer_holds_no_keys(
    status: int, fault: type[Exception]
) -> None:
    source: Any = opened("kinde", {"issuer": "https://acme.kinde.com"})
    with pytest.raises(fault, match=str(status)):
        source.fetch_keys("sandbox", Answering({"keys": []}, status), NOW)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_platform_that_is_busy_has_not_said_that_there_is_no_key(status: int) -> None:
    source: Any = opened("kinde", {"issuer": "https://acme.kinde.com"})
    with pytest.raises(UpstreamUnavailable):
        source.fetch_keys("sandbox", Answering({"keys": []}, status), NOW)


def test_a_list_that_comes_with_a_refusal_is_no_key_set() -> None:
    source: Any = opened("kinde", {"issuer": "https://acme.kinde.com"})
    with pytest.raises(UpstreamError, match="does not hand out its key"):
        source.fetch_keys("sandbox", Answering({"keys": []}, 403), NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_a_token_of_another_algorithm_makes_nobody_ask_for_a_key(algorithm: str) -> None:
    request, keys = fired("kinde")
    source: Any = opened("kinde", {name: value for name, value in keys.items() if name != "jwks"})
    header = b64url({"alg": algorithm, "typ": "JWT", "kid": "kinde-1"})
    forged = request._replace(body=header + b"." + request.body.partition(b".")[2])
    with pytest.raises(VerificationError) as caught:
        source.claimed_key(forged)
    assert caught.value.reason == "algorithm_not_allowed"


def b64url(content: dict[str, Any]) -> bytes:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")
