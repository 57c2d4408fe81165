"""Whatever arrives is understood or refused with one of our own two errors; nothing else escapes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, Outcome, Reply, Situation
from tests.platforms.feishu.channel import NOW, connector, delivery, signed
from tests.platforms.feishu.signing import APP_ID, TOKEN, card_signature, compact, seal, stamped

SOURCES = [
    connector(),
    connector(encrypt_key=""),
    connector(old_cards=True),
    connector(encrypt_key="", verification_token=""),
]
HEADER_NAMES = ["X-Lark-Signature", "x-lark-request-timestamp", "X-Lark-Request-Nonce", "X-Other"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def field(*usual: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(usual) | json_values


headers_of_v2 = st.fixed_dictionaries(
    {},
    optional={
        "token": field(TOKEN),
        "app_id": field(APP_ID),
        "event_id": field("e-1"),
        "event_type": field("im.message.receive_v1", "card.action.trigger", "url.preview.get"),
        "create_time": field("1700000000123", "1700000000123456", "9999999999999999"),
    },
)
people = st.fixed_dictionaries({}, optional={"open_id": field("ou_1"), "sender_id": field({"open_id": "ou"})})
bodies = st.fixed_dictionaries(
    {},
    optional={
        "schema": field("2.0"),
        "header": headers_of_v2 | json_values,
        "event": st.fixed_dictionaries(
            {},
            optional={
                "type": field("message"),
                "app_id": field(APP_ID),
                "sender": people,
                "operator": people,
                "message": field({"message_id": "om"}),
            },
        )
        | json_values,
        "uuid": field("u-1"),
        "ts": field("1502199207.7171419", "9999999999.999999999"),
        "token": field(TOKEN),
        "type": field("url_verification", "event_callback"),
        "challenge": field("abc"),
        "open_message_id": field("om_1"),
        "open_id": field("ou_1"),
        "action": field({"value": "x"}),
        "encrypt": field("AAAA"),
    },
)


def run(request: InboundRequest) -> None:
    """Put a request through every kind of channel; only the two errors that are ours may come out."""
    for source in SOURCES:
        with contextlib.suppress(VerificationError, PayloadError):
            found = source.verify(request, NOW)
            reply = source.challenge(request, found)
            assert (reply is not None) == found.is_challenge
            if reply is None:
                event = source.parse(request, found)
                for situation in Situation:
                    outcome = Outcome(situation, "id", event)
                    assert isinstance(source.acknowledge(request, found, outcome), Reply)


@given(body=st.binary(max_size=200), headers=st.dictionaries(st.sampled_from(HEADER_NAMES), st.text()))
def test_any_bytes_with_any_headers(body: bytes, headers: dict[str, str]) -> None:
    run(delivery(body, headers))


@given(body=st.binary(max_size=200))
def test_any_bytes_rightly_signed(body: bytes) -> None:
    run(signed(body))
    run(delivery(body, stamped(card_signature(body))))


@given(plaintext=st.binary(max_size=200))
def test_any_bytes_rightly_sealed_and_signed(plaintext: bytes) -> None:
    run(signed(seal(plaintext)))
    run(delivery(seal(plaintext)))


@given(content=bodies)
def test_any_content_rightly_sealed_and_signed(content: dict[str, Any]) -> None:
    try:
        raw = compact(content)
    except UnicodeEncodeError:
        return
    for body in (raw, seal(raw)):
        run(signed(body))
        run(delivery(body))
        run(delivery(body, stamped(card_signature(body))))


@pytest.mark.parametrize("depth", [70, 2000, 200_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    for raw in (b"[" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        for request in (signed(raw), signed(seal(raw)), delivery(raw)):
            with pytest.raises(VerificationError):
                SOURCES[0].verify(request, NOW)
            with pytest.raises(VerificationError):
                SOURCES[1].verify(request, NOW)
