"""The request by which Graph asks whether an address is ours: bounded, plain text, never a notification."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from app.core.ports import SetUpSource
from tests.platforms.deliveries import delivery
from tests.platforms.microsoft_graph.notifying import channel, entry, notify
from tests.platforms.recorded import Judged, judge


def asked(query: str, body: bytes = b"") -> Judged:
    return judge(channel(), delivery(body)._replace(query_string=query))


@pytest.mark.parametrize(
    "text",
    [
        "Validation: Testing client application reachability for subscription Request-Id: 1",
        "<b>&amp;</b>",
        "a+b/c=",
        "x" * 512,
    ],
    ids=["usual", "html", "base64", "longest"],
)
def test_the_text_comes_back_decoded_as_plain_text(text: str) -> None:
    judged = asked(urlencode({"validationToken": text}))
    assert judged.reply is not None
    assert (judged.outcome, judged.reply.status, judged.reply.body) == ("handshake", 200, text.encode())
    assert judged.reply.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize("text", ["", "x" * 513, "a\r\nSet-Cookie: a", "é", "\x00", "令牌"], ids=ascii)
def test_a_text_that_is_not_short_and_printable_is_refused(text: str) -> None:
    assert asked(urlencode({"validationToken": text})).why == "bad_validation_token"


def test_a_repeated_parameter_is_refused() -> None:
    assert asked("validationToken=a&validationToken=b").why == "duplicate_parameter"


@pytest.mark.parametrize("query", ["", "other=1", "ValidationToken=a", "x=validationToken"])
def test_anything_else_is_no_handshake(query: str) -> None:
    assert asked(query).why == "not_a_notification"


def test_a_notification_with_the_parameter_is_judged_as_one() -> None:
    request = notify(entry())._replace(query_string="validationToken=a")
    assert judge(channel(), request).outcome == "accept"
    request = notify(entry(clientState="x"))._replace(query_string="validationToken=a")
    assert judge(channel(), request).why == "bad_client_state"


def test_there_is_one_handshake() -> None:
    source = channel()
    assert isinstance(source, SetUpSource)
    assert [each.name for each in source.handshakes] == ["validationToken"]
