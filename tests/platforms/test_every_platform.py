"""The contract of every platform that takes callbacks: whatever the bytes, our own errors or nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.address_ports import SubAddresses
from app.core.errors import PayloadError, RefusedError, VerificationError
from app.core.ports import CredentialBearer, WebhookSource
from app.core.values import (
    COME_AGAIN_SECONDS,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
)
from app.platforms import discover
from tests.platforms.samples import Sample, samples
from tests.sizes import EXAMPLES

SAMPLES = samples()
TAKING = [sample for sample in SAMPLES if sample.prove is not None]
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'
HOSTILE_BODIES = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00{",
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 20_000,
    "nested XML": b"<xml>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</xml>",
    "truncated JSON": b'{"event_id":"1","schema":"2.0","header":{"event_ty',
    "truncated XML": b"<xml><MsgType><![CDATA[te",
    "entities": BOMB,
    "external entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>',
    "list": b"[1,2]",
    "null": b"null",
    "text": b'"text"',
    "number": b"1e999",
    "empty object": b"{}",
    "empty XML": b"<xml></xml>",
    "repeated keys": b'{"event_id":"1","event_id":"2","type":"a","type":"b"}',
    "lone surrogate": b'{"event_id":"\\ud800","event_type":"\\ud800","type":"\\ud800"}',
    "NUL": b'{"event_id":"\\u0000","event_type":"\\u0000","type":"\\u0000","data":{"user_id":"\\u0000"}}',
    "wrong types": b'{"event_id":{},"event_type":[],"type":5,"timestamp":{},"data":5,"header":[],"event":5,"schema":2}',
    "wrong types within": b'{"schema":"2.0","header":{"event_type":[],"event_id":5,"create_time":{}},"event":null}',
    "repeated XML": b"<xml><MsgType>a</MsgType><MsgType>b</MsgType><FromUserName><a/></FromUserName></xml>",
    "odd XML numbers": b"<xml><MsgType>event</MsgType><Event>\xc3\xa9</Event><CreateTime>9e99</CreateTime></xml>",
    "form": b"a=1&b=%zz",
}
HOSTILE_VALUES = ("", " ", "é", "令牌", "\ud800", "\x00", "a\r\nb", "0", "-1", "1e9", "٣" * 10, "x" * 100_000)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["2.0", "url_verification", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["token", "type", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)
ANSWERS = (None, {"a": 1}, "text", 5, ["x"], "]]>", "é\x00")

each_sample = pytest.mark.parametrize("sample", TAKING, ids=lambda sample: f"{sample.slug}-{sample.mode}")


@contextmanager
def told(name: str) -> Iterator[None]:
    """Let a failure say in which of several cases it is."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"the case: {name}")
        raise


def proven(sample: Sample, body: bytes | None = None) -> InboundRequest:
    assert sample.prove is not None
    return sample.prove(sample.body if body is None else body)


def put_through(
    sample: Sample, request: InboundRequest, later: timedelta = timedelta(0)
) -> ParsedEvent | Reply | None:
    """Return what came of a request, None when it was refused; anything but our own errors escapes."""
    source: WebhookSource = sample.open()
    try:
        verified = source.verify(request, sample.now + later)
    except (VerificationError, RefusedError) as error:
        _check_words(sample, error.message)
        return None
    assert isinstance(verified, Verified)
    try:
        if (reply := source.challenge(request, verified)) is not None:
            return reply
        event = source.parse(request, verified)
    except (PayloadError, VerificationError, RefusedError) as error:
        _check_words(sample, error.message)
        return None
    assert event.type
    for situation in Situation:
        for data in ANSWERS:
            outcome = Outcome(situation, "evt", event, data=data, now=sample.now, trace_id="t")
            assert isinstance(source.acknowledge(request, verified, outcome), Reply)
    return event


def _check_words(sample: Sample, message: str) -> None:
    secrets = [value for value in sample.settings.values() if isinstance(value, str) and len(value) > 16]
    assert not any(secret in message for secret in secrets)


def test_every_platform_has_a_sample() -> None:
    missing = sorted(set(discover()) - {sample.slug for sample in SAMPLES})
    assert not missing, (
        f"Add tests/platforms/<slug>/sample.py with SAMPLES for {', '.join(missing)}: settings that open a channel "
        "and, if it takes callbacks, a function that proves any body to it."
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.slug}-{sample.mode}")
def test_a_sample_proves_exactly_the_platforms_that_take_callbacks(sample: Sample) -> None:
    assert isinstance(sample.open(), WebhookSource) is (sample.prove is not None)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.slug}-{sample.mode}")
def test_a_connector_that_judges_addresses_below_its_own_gets_them(sample: Sample) -> None:
    # The router asks for the whole protocol: with one member missing, such an address answers 404.
    connector = sample.open()
    assert hasattr(connector, "takes_address") is isinstance(connector, SubAddresses)


@each_sample
def test_a_proven_request_becomes_an_event(sample: Sample) -> None:
    event = put_through(sample, proven(sample))
    assert isinstance(event, ParsedEvent)


@each_sample
def test_the_same_request_says_the_same_twice(sample: Sample) -> None:
    request = proven(sample)
    assert put_through(sample, request) == put_through(sample, request)


@each_sample
def test_hostile_bodies_meet_our_own_errors(sample: Sample) -> None:
    for name, body in HOSTILE_BODIES.items():
        with told(name):
            put_through(sample, proven(sample, body))
            swapped = put_through(sample, proven(sample)._replace(body=body))
            assert swapped is None or not sample.covers_body


@each_sample
def test_a_request_without_any_proof_is_refused(sample: Sample) -> None:
    body = b"{}" if sample.proof_in_body else proven(sample).body
    assert put_through(sample, proven(sample)._replace(headers=(), query_string="", body=body)) is None


@each_sample
def test_altered_headers_and_parameters_meet_our_own_errors(sample: Sample) -> None:
    for request in _with_one_header_changed(proven(sample)):
        put_through(sample, request)
    for request in _with_one_parameter_changed(proven(sample)):
        put_through(sample, request)


@each_sample
def test_proof_for_one_body_does_not_prove_another(sample: Sample) -> None:
    if not sample.covers_body:
        return
    request = proven(sample)
    positions = random.Random(1).sample(range(len(request.body)), min(60, len(request.body)))
    for position in positions:
        body = bytearray(request.body)
        body[position] ^= 1
        changed = put_through(sample, request._replace(body=bytes(body)))
        # A byte outside what is signed (an envelope's addressee) changes nothing of the event.
        assert changed is None or changed == put_through(sample, request)


@each_sample
def test_a_request_of_another_day_is_refused_where_age_counts(sample: Sample) -> None:
    for later in (timedelta(days=1), timedelta(days=-1), timedelta(days=36_500)):
        with told(str(later)):
            outcome = put_through(sample, proven(sample), later)
            is_token_from_the_future = sample.mode == "jwt" and later < timedelta(0)
            assert outcome is None or not sample.has_window or is_token_from_the_future


@each_sample
def test_repeated_headers_and_parameters_are_refused_or_harmless(sample: Sample) -> None:
    request = proven(sample)
    doubled = request._replace(
        headers=request.headers * 2, query_string=f"{request.query_string}&{request.query_string}"
    )
    put_through(sample, doubled)
    for name, _ in request.headers:
        put_through(sample, request._replace(headers=(*request.headers, (name.upper(), "other"))))


@each_sample
@settings(max_examples=EXAMPLES)
@given(
    data=st.dictionaries(
        st.sampled_from(["header", "schema", "type", "token", "uuid", "event", "action"]), JSON_VALUES
    )
)
def test_whatever_the_data_a_platform_says_where_credentials_stand(
    sample: Sample, data: dict[str, Any]
) -> None:
    source = sample.open()
    if isinstance(source, CredentialBearer):
        assert isinstance(source.credential_places(data), CredentialPlaces)
        assert set(source.credential_places(data).fields) <= set(source.credential_places(None).fields)


@each_sample
@settings(max_examples=EXAMPLES)
@given(body=st.binary(max_size=200))
def test_any_bytes_with_proof_meet_our_own_errors(sample: Sample, body: bytes) -> None:
    put_through(sample, proven(sample, body))


@each_sample
@settings(max_examples=EXAMPLES)
@given(
    headers=st.lists(
        st.tuples(st.sampled_from(["X-Signature", "X-Token", "Authorization", "webhook-id"]), st.text())
    ),
    query=st.text(max_size=60),
    body=st.binary(max_size=60),
)
def test_anything_without_proof_is_refused(
    sample: Sample, headers: list[tuple[str, str]], query: str, body: bytes
) -> None:
    request = proven(sample)._replace(headers=tuple(headers), query_string=query, body=body)
    assert put_through(sample, request) is None


def _with_one_header_changed(request: InboundRequest) -> Iterator[InboundRequest]:
    for index, (name, value) in enumerate(request.headers):
        before, after = request.headers[:index], request.headers[index + 1 :]
        yield request._replace(headers=(*before, *after))
        yield request._replace(headers=(*before, (name, value), (name, value), *after))
        for hostile in HOSTILE_VALUES:
            yield request._replace(headers=(*before, (name, hostile), *after))


def _with_one_parameter_changed(request: InboundRequest) -> Iterator[InboundRequest]:
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    for index, (name, value) in enumerate(pairs):
        before, after = pairs[:index], pairs[index + 1 :]
        yield request._replace(query_string=urlencode([*before, *after]))
        yield request._replace(query_string=urlencode([*before, (name, value), (name, value), *after]))
        for hostile in HOSTILE_VALUES:
            raw = hostile.encode("utf-8", "surrogatepass")
            yield request._replace(query_string=urlencode([*before, (name, raw), *after]))
            yield request._replace(query_string=f"{urlencode([*before, *after])}&{name}={hostile}")


@each_sample
def test_a_copy_of_unfinished_work_is_told_to_come_again_as_the_platform_understands_it(
    sample: Sample,
) -> None:
    """Where a failed answer brings the event again it is 503, never 200; elsewhere nothing is claimed to be done."""
    source: WebhookSource = sample.open()
    request = proven(sample)
    verified = source.verify(request, sample.now)
    event = source.parse(request, verified)
    outcome = Outcome(Situation.COME_AGAIN, "evt", event, now=sample.now, trace_id="t")
    reply = source.acknowledge(request, verified, outcome)
    is_asked_again = (reply.status, reply.retry_after) == (503, COME_AGAIN_SECONDS)
    assert is_asked_again is source.retries_failed_answers
    assert b"already_processed" not in reply.body
