"""Plivo's V3 signature, made by hand as its library makes it: address, `?`, the fields by name, a point, the nonce."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from app.core.values import InboundRequest
from tests.sources.firing import NOW
from tests.sources.judging import judge, opened

TOKEN = "plivo-auth-token-0123456789"
NONCE = "05429567804466091622"
FIELDS = {
    "To": "14150000000",
    "From": "8613800000000",
    "MessageUUID": "m-1",
    "Status": "sent",
    "Text": "a b&c",
}


def signed(message: str) -> str:
    return base64.b64encode(hmac.new(TOKEN.encode(), message.encode(), hashlib.sha256).digest()).decode()


def request(signature: str, *, header: str = "X-Plivo-Signature-V3", query: str = "") -> InboundRequest:
    headers = (
        (header, signature),
        ("X-Plivo-Signature-V3-Nonce", NONCE),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    body = urlencode(FIELDS).encode()
    return InboundRequest("POST", "/webhooks/plivo", query, headers, body, "203.0.113.9", NOW)


GOOD = signed(
    "https://gateway.example/webhooks/plivo?From8613800000000MessageUUIDm-1StatussentTexta b&cTo14150000000."
    + NONCE
)


@pytest.mark.parametrize("header", ["X-Plivo-Signature-V3", "X-Plivo-Signature-MA-V3"])
def test_a_message_as_the_library_signs_it_is_taken(header: str) -> None:
    source = opened("plivo", {"secret": TOKEN})
    judged = judge(source, request(f"AAAA,{GOOD}", header=header), NOW)
    assert [(event.type, event.key) for event in judged.events] == [("sent", "m-1:sent")]


def test_parameters_that_were_added_to_the_address_are_refused() -> None:
    assert judge(opened("plivo", {"secret": TOKEN}), request(GOOD, query="a=1"), NOW).outcome == "refuse"


def test_another_nonce_is_refused() -> None:
    other = request(GOOD)._replace(
        headers=(("X-Plivo-Signature-V3", GOOD), ("X-Plivo-Signature-V3-Nonce", "1"))
    )
    assert judge(opened("plivo", {"secret": TOKEN}), other, NOW).outcome == "refuse"
