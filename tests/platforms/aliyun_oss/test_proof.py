"""Which callbacks of OSS are proven, what tells them from a stranger's, and what the uploader is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.values import Outcome, Situation
from app.platforms.aliyun_oss import PLATFORM
from sandbox.cloud_keys import RSA_KEY, public_pem
from tests.platforms.aliyun_oss.sample import BODY, KEY_ADDRESS, SETTINGS, callback
from tests.platforms.deliveries import NOW
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

TOKEN = "token-in-the-callback"


def channel(**keys: Any) -> Any:
    return PLATFORM.open("oss", PLATFORM.settings.model_validate(SETTINGS | keys))


def answered(situation: Situation, data: Any = None) -> tuple[int, Any]:
    source, request = channel(), callback()
    outcome = Outcome(situation, "evt", event(source, request), data=data, now=NOW, trace_id="t")
    reply = source.acknowledge(request, None, outcome)
    return reply.status, json.loads(reply.body)


def test_a_form_and_json_become_the_same_event() -> None:
    form = event(channel(), callback())
    told = event(
        channel(), callback(json.dumps({"bucket": "b1", "object": "dir/a b.png", "size": 5}).encode())
    )
    assert (form.type, form.subject, form.data["bucket"]) == ("upload", "dir/a b.png", "b1")
    assert (told.type, told.subject, told.data["size"]) == ("upload", "dir/a b.png", 5)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (callback()._replace(body=BODY + b"&x=1"), "bad_signature"),
        (callback()._replace(path="/webhooks/other"), "bad_signature"),
        (callback()._replace(query_string="a=1"), "bad_signature"),
        (callback(query="a=1")._replace(query_string="a=2"), "bad_signature"),
        (callback(query="a=1")._replace(query_string=""), "bad_signature"),
        (callback(Authorization=""), "missing_signature_header"),
        (callback(Authorization="*"), "bad_signature_header"),
        (callback(Authorization="AAAA"), "bad_signature"),
        (callback(x_oss_pub_key_url=""), "missing_signature_header"),
        (callback(x_oss_pub_key_url="AAA="), "bad_key_address"),
        (callback(x_oss_pub_key_url="//79"), "bad_key_address"),
        (callback(address="https://gosspublic.alicdn.com.evil.example/k.pem"), "bad_key_address"),
        (callback(address="https://gosspublic.alicdn.com@evil.example/k.pem"), "bad_key_address"),
        (callback(b"a=1&a=2"), "duplicate_field"),
        (callback(b'{"a":1,"a":2}'), "not_a_json_object"),
        (callback(b"\xff\xfe"), "not_a_form"),
    ],
    ids=[*"abcdefghijklmnop"],
)
def test_what_oss_does_not_send_is_refused(request_: Any, reason: str) -> None:
    assert refusal(channel(), request_) == reason


def test_a_percent_sign_in_a_path_is_one() -> None:
    """The server has decoded `%2541` to `%41`; decoded once more it would be another path."""
    assert event(channel(), callback(path="/webhooks/oss/a%2541")._replace(path="/webhooks/oss/a%41"))


def test_an_encoded_path_is_signed_decoded() -> None:
    assert event(channel(), callback(path="/webhooks/oss/%E5%9B%BE")._replace(path="/webhooks/oss/图"))


def test_an_old_http_address_is_fetched_over_https() -> None:
    http = RecordedNetwork({KEY_ADDRESS: public_pem(RSA_KEY)})
    request = callback(address=KEY_ADDRESS.replace("https", "http"))
    assert isinstance(events_of(channel(public_keys={}), request, http), list)
    assert [call["url"] for call in http.calls] == [KEY_ADDRESS]


def test_a_token_in_the_address_tells_ours_from_a_strangers() -> None:
    source = channel(token=TOKEN)
    assert event(source, callback(query=f"token={TOKEN}"))
    assert refusal(source, callback()) == "bad_token"
    assert refusal(source, callback(query="token=other")) == "bad_token"
    assert refusal(source, callback(query=f"token={TOKEN}&token={TOKEN}")) == "duplicate_parameter"
    assert source.advice is None
    assert "?token=" in (channel().advice or "")


@pytest.mark.parametrize("body", [b"bucket=b2", b"object=a", b'{"bucket":5}', b"a=1&a=2"])
def test_another_bucket_is_refused_where_one_is_named(body: bytes) -> None:
    assert refusal(channel(buckets="b1"), callback(body)) == "wrong_bucket"
    assert event(channel(buckets="b1"), callback())


def test_the_uploader_gets_json_whatever_happens() -> None:
    assert answered(Situation.ACCEPTED) == (200, {"Status": "OK"})
    assert answered(Situation.ALREADY_PROCESSED) == (200, {"Status": "OK"})
    assert answered(Situation.SUCCESS, {"url": "/a.png"}) == (200, {"url": "/a.png"})
    assert answered(Situation.SUCCESS, "text") == (200, {"Status": "OK"})
    assert answered(Situation.HANDLER_FAILED)[0] == 500
