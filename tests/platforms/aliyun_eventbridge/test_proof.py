"""Which pushes of EventBridge are proven: target, token, time and body, in both versions."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import Coverage
from app.platforms.aliyun_eventbridge import PLATFORM
from app.platforms.aliyun_eventbridge.stamp import read_stamp
from sandbox.cloud_keys import certificate_pem, enclose_rsa
from tests.platforms.aliyun_eventbridge.sample import (
    BODY,
    CERTIFICATE,
    CONTENT,
    SETTINGS,
    TARGET,
    TOKEN,
    push,
)
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

S = "x_eventbridge_signature"


def channel(**keys: Any) -> Any:
    return PLATFORM.open("eb", PLATFORM.settings.model_validate(SETTINGS | keys))


def changed(name: str, value: str, **keys: Any) -> Any:
    headers: dict[str, Any] = {f"{S}{name}": value}
    return push(**keys, **headers)


def test_a_push_becomes_the_event_that_it_holds() -> None:
    found = event(channel(), push())
    assert (found.type, found.key, found.occurred_at) == ("oss:ObjectCreated:PutObject", "acs.oss:e-1", NOW)
    assert found.data == CONTENT
    assert channel().signature_covers is Coverage.BODY


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"body": BODY + b" ", "like": BODY}, "bad_signature"),
        ({"target": TARGET + "/other"}, "bad_signature"),
        ({"token": "another-token"}, "bad_token"),
        ({"token": ""}, "bad_token"),
        ({"now": SECONDS - 61}, "timestamp_outside_tolerance"),
        ({"now": SECONDS + 61}, "timestamp_outside_tolerance"),
        ({"x_eventbridge_signature_timestamp": str(SECONDS)}, "bad_timestamp"),
        ({"x_eventbridge_signature_timestamp": "1" * 33}, "bad_signature_header"),
        ({"x_eventbridge_signature_timestamp": ""}, "missing_signature_header"),
        ({"x_eventbridge_signature_version": "2.0"}, "algorithm_not_allowed"),
        ({"x_eventbridge_signature_url": ""}, "missing_signature_header"),
    ],
    ids=[*"abcdefghijk"],
)
def test_whatever_differs_is_refused(version: int, request_: dict[str, Any], reason: str) -> None:
    parts = dict(request_)
    like = parts.pop("like", None)
    request = push(
        **({"body": like} if like else {}), version=version, **{k: v for k, v in parts.items() if k != "body"}
    )
    request = request._replace(body=parts.get("body", request.body))
    assert refusal(channel(), request) == reason


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (changed("_v2", "*"), "bad_signature_header"),
        (changed("_v2", b64encode(b"x" * 256).decode()), "bad_signature"),
        (changed("_v2", "A" * 3000), "bad_signature_header"),
        (changed("_v2", ""), "missing_signature_header"),
        (push(x_eventbridge_hash_method="MD5"), "algorithm_not_allowed"),
        (changed("_method", "HMAC-MD5", version=1), "algorithm_not_allowed"),
        (changed("_secret", "", version=1), "missing_signature_header"),
        (changed("_secret", b64encode(enclose_rsa(b"other")).decode(), version=1), "bad_signature"),
        (changed("_secret", "AAAA", version=1), "bad_signature"),
    ],
    ids=[*"abcdefghi"],
)
def test_a_wrong_signature_is_refused_by_its_own_word(request_: Any, reason: str) -> None:
    assert refusal(channel(), request_) == reason


def test_an_empty_one_time_key_proves_nothing() -> None:
    request = changed("_secret", b64encode(enclose_rsa(b"")).decode(), version=1)
    message = read_stamp(request).messages(TARGET, BODY)[0]
    made = b64encode(hmac.digest(b"", message, "sha1")).decode()
    kept = tuple(pair for pair in request.headers if pair[0] != "x-eventbridge-signature")
    assert (
        refusal(channel(), request._replace(headers=(*kept, ("x-eventbridge-signature", made))))
        == "bad_signature"
    )


def test_version_1_proves_nothing_without_a_token() -> None:
    assert refusal(channel(token=""), push(version=1, token="")) == "token_needed"
    assert event(channel(token=""), push(token="")).key == "acs.oss:e-1"
    assert "token" in (channel(token="").advice or "")
    assert channel().advice is None


def test_the_first_version_cannot_be_chosen_where_the_second_is_there() -> None:
    both = (
        *push(version=1).headers,
        ("x-eventbridge-signature-v2", "AAAA"),
        ("x-eventbridge-hash-method", "SHA256"),
    )
    assert refusal(channel(), push()._replace(headers=both)) == "bad_signature"


def test_the_query_of_the_target_is_signed() -> None:
    source = channel(target_url=TARGET + "?tenant=1")
    assert event(source, push(target=TARGET + "?tenant=1")._replace(query_string="tenant=1"))
    assert refusal(source, push(target=TARGET + "?tenant=2")) == "bad_signature"


def test_a_text_with_a_line_feed_at_its_end_counts_as_well() -> None:
    assert event(channel(), push(BODY + b"\n")._replace(body=BODY)).key == "acs.oss:e-1"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate_1.pem",
        "https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/other.pem",
        "http://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate_1.pem",
        "https://a.cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate_1.pem",
    ],
)
def test_a_bucket_of_a_stranger_is_no_place_for_a_certificate(address: str) -> None:
    http = RecordedNetwork({address: certificate_pem()})
    with pytest.raises(Exception, match=r".") as caught:
        events_of(channel(public_keys={}), push(address=address), http)
    assert getattr(caught.value, "reason", "") == "bad_key_address"
    assert http.calls == []


@pytest.mark.parametrize("region", ["na-south-1", "cn-nanjing", "cn-north-2-gov-1"])
def test_a_bucket_called_after_a_region_without_eventbridge_is_anybodys(region: str) -> None:
    address = f"https://{region}-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate.pem"
    with pytest.raises(VerificationError) as caught:
        channel(public_keys={}).addresses.judged(address)
    assert caught.value.reason == "bad_key_address"
    assert channel(public_keys={}, regions=region).addresses.judged(address) == address


def test_only_the_regions_that_are_named_are_believed() -> None:
    http = RecordedNetwork({CERTIFICATE: certificate_pem()})
    assert isinstance(events_of(channel(public_keys={}, regions="cn-hangzhou"), push(), http), list)
    assert refusal(channel(public_keys={}, regions="cn-beijing"), push()) == "bad_key_address"
    assert len(channel(regions="cn-beijing").origins) == 1


def test_a_transformed_body_is_an_event_without_a_name() -> None:
    body = json.dumps({"title": "x"}).encode()
    first, again = event(channel(), push(body)), event(channel(), push(body))
    assert (first.type, first.key) == ("transformed", again.key)


@pytest.mark.parametrize(
    "changes", [{"id": ""}, {"id": 5}, {"source": None}, {"type": "a\nb"}, {"type": "x" * 256}]
)
def test_a_cloud_event_without_its_words_is_a_payload_error(changes: dict[str, Any]) -> None:
    assert refusal(channel(), push(json.dumps(CONTENT | changes).encode())).startswith("bad_")


@pytest.mark.parametrize(
    "keys",
    [
        {"cert_host_suffix": "eventbridge.example"},
        {"target_url": "gw.example.com"},
        {"cert_url_prefixes": "https://a"},
    ],
)
def test_settings_that_make_no_sense_are_told_at_the_start(keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        channel(**keys)


def test_every_token_counts_while_one_changes() -> None:
    assert event(channel(token=["new-token-of-tests", TOKEN]), push())
