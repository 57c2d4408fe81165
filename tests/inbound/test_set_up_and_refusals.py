"""What a platform may say beside taking events: set-up requests of several kinds, its own refusals, requirements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from app.core.errors import RequestError, VerificationError
from app.core.values import InboundRequest, Reply, Requirement, Verified, text_reply
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from tests.inbound.open_source import OpenSource, delivery, services_of

MakeServices = Callable[..., Services]
BODY = b'{"id":"1","type":"paid"}'


@dataclass(frozen=True)
class EchoHandshake:
    """Answers the value of one query parameter."""

    name: str

    def answer(self, request: InboundRequest, now: datetime) -> Reply | None:
        value = request.query(self.name)
        if value == "forged":
            raise VerificationError("bad_handshake")
        return None if value is None else text_reply(200, f"{self.name}={value}")


class SetUpWithTwo(OpenSource):
    """Has two handshakes and proves nobody."""

    handshakes = (EchoHandshake("validationToken"), EchoHandshake("challenge"))

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        raise VerificationError("bad_signature")


@pytest.mark.parametrize("name", ["validationToken", "challenge"])
def test_each_handshake_is_answered_before_anything_is_proven(services_with: MakeServices, name: str) -> None:
    services = services_of(services_with, SetUpWithTwo())
    assert (
        receive(services, "open", delivery(b"", query=f"{name}=7"), trace_id="").body == f"{name}=7".encode()
    )
    assert list_events_page(services, {}, cursor=None, limit=9)["items"] == []


def test_what_is_no_handshake_must_be_proven(services_with: MakeServices) -> None:
    services = services_of(services_with, SetUpWithTwo())
    with pytest.raises(VerificationError):
        receive(services, "open", delivery(BODY), trace_id="")


def test_a_handshake_may_refuse(services_with: MakeServices) -> None:
    services = services_of(services_with, SetUpWithTwo())
    with pytest.raises(VerificationError) as caught:
        receive(services, "open", delivery(b"", query="challenge=forged"), trace_id="")
    assert caught.value.reason == "bad_handshake"


class Worded(OpenSource):
    """Words its refusals itself."""

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        raise VerificationError("bad_signature")

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        return Reply(error.http_status, b'{"code":"FAIL"}') if error.code == "bad_signature" else None


def test_a_refusal_is_worded_by_the_platform_and_kept_all_the_same(services_with: MakeServices) -> None:
    services = services_of(services_with, Worded())
    reply = receive(services, "open", delivery(BODY), trace_id="")
    assert (reply.status, reply.body) == (401, b'{"code":"FAIL"}')
    (kept,) = list_rejections_page(services, None, cursor=None, limit=9)["items"]
    assert kept["reason"].startswith("bad_signature: ")


def test_a_refusal_the_platform_has_no_words_for_is_the_uniform_one(services_with: MakeServices) -> None:
    services = services_of(services_with, Worded())
    with pytest.raises(RequestError) as caught:
        receive(services, "open", delivery(BODY, method="GET"), trace_id="")
    assert caught.value.http_status == 405


class Addressed(OpenSource):
    """Names the merchant it is for."""

    def __init__(self, expected: tuple[str, ...] = ("mch-1",)):
        self.expected = expected

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        meant_for = Requirement("mch_id", request.header("Merchant"), "mch_id", self.expected)
        return Verified("test", requirements=(meant_for,))


def test_a_request_for_this_merchant_is_taken(services_with: MakeServices) -> None:
    services = services_of(services_with, Addressed())
    assert (
        receive(services, "open", delivery(BODY, headers=(("Merchant", "mch-1"),)), trace_id="").status == 200
    )


@pytest.mark.parametrize("headers", [(("Merchant", "mch-2"),), (("Merchant", ""),), (("Merchant", "é"),), ()])
def test_a_request_for_another_merchant_is_refused_in_words(
    services_with: MakeServices, headers: tuple[tuple[str, str], ...]
) -> None:
    services = services_of(services_with, Addressed())
    with pytest.raises(VerificationError, match="mch_id") as caught:
        receive(services, "open", delivery(BODY, headers=headers), trace_id="")
    assert caught.value.reason == "wrong_mch_id"


def test_an_empty_setting_is_equal_to_nothing(services_with: MakeServices) -> None:
    services = services_of(services_with, Addressed(expected=("",)))
    with pytest.raises(VerificationError):
        receive(services, "open", delivery(BODY, headers=(("Merchant", ""),)), trace_id="")
