"""Keys that are found while running: the claim is read, the key is got once, the request is proven with it."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import HttpClient
from app.core.values import Coverage, InboundRequest, Verified
from app.pipeline.inbound.key_finding import GRACE
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.security.found_keys import FAILED_SECONDS, MOST_KEYS, UNKNOWN_SECONDS, FoundKeys
from tests.builders import NOW, FrozenClock
from tests.inbound.open_source import OpenSource, delivery, services_of

MakeServices = Callable[..., Services]
BODY = b'{"id":"1","type":"paid"}'
KEYS = {"serial-1": b"first key", "serial-2": b"second key"}


class SerialSource(OpenSource):
    """Signs with the key whose serial stands in a header, as WeChat Pay does; keys come from the platform."""

    signature_covers = Coverage.BODY
    key_seconds = 3600

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.keys: Mapping[str, bytes] = dict(KEYS)
        self.on_fetch: Callable[[], None] = lambda: None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        return self.verify_with_key(request, now, b"configured key")

    def claimed_key(self, request: InboundRequest) -> str | None:
        return request.header("Serial")

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        self.asked.append(claim)
        self.on_fetch()
        return self.keys

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        expected = hmac.new(key, request.body, hashlib.sha256).hexdigest()
        if request.header("Signature") != expected:
            raise VerificationError("bad_signature")
        return Verified("test")


def signed(serial: str | None, key: bytes, remote_addr: str = "127.0.0.1") -> InboundRequest:
    signature = hmac.new(key, BODY, hashlib.sha256).hexdigest()
    headers = [("Signature", signature)] + ([("Serial", serial)] if serial is not None else [])
    return delivery(BODY, headers=tuple(headers))._replace(remote_addr=remote_addr)


def away() -> None:
    raise UpstreamUnavailable("not now")


def flooded(services: Services, addresses: int) -> None:
    """Claim made-up keys from many addresses until no address gets another one looked up."""
    for number in range(addresses * 6):
        with pytest.raises((VerificationError, UpstreamUnavailable)):
            receive(
                services,
                "open",
                signed(f"flood-{number}", b"x", f"198.51.100.{number % addresses}"),
                trace_id="",
            )


def refusal(services: Services, request: InboundRequest) -> str:
    with pytest.raises(VerificationError) as caught:
        receive(services, "open", request, trace_id="")
    return caught.value.reason


def test_a_key_is_fetched_once_and_proves_from_then_on(services_with: MakeServices) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    for _ in range(3):
        assert receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="").status == 200
    assert source.asked == ["serial-1"]


def test_what_a_fetch_brought_beside_the_claimed_key_is_kept_too(services_with: MakeServices) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    assert receive(services, "open", signed("serial-2", KEYS["serial-2"]), trace_id="").status == 200
    assert source.asked == ["serial-1"]


def test_without_a_claim_the_configured_key_decides(services_with: MakeServices) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    assert receive(services, "open", signed(None, b"configured key"), trace_id="").status == 200
    assert source.asked == []


def test_another_key_than_the_claimed_one_does_not_prove(services_with: MakeServices) -> None:
    services = services_of(services_with, SerialSource())
    assert refusal(services, signed("serial-1", KEYS["serial-2"])) == "bad_signature"


def test_an_unknown_key_is_asked_for_once_a_minute(services_with: MakeServices, clock: FrozenClock) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    for _ in range(3):
        assert refusal(services, signed("serial-9", b"x")) == "unknown_key"
    assert source.asked == ["serial-9"]
    clock.advance(seconds=UNKNOWN_SECONDS + 1)
    source.keys = {"serial-9": b"x"}
    assert receive(services, "open", signed("serial-9", b"x"), trace_id="").status == 200


def test_a_key_is_fetched_again_when_its_time_is_over(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    clock.advance(seconds=source.key_seconds + 1)
    source.keys = {"serial-1": b"new key"}
    assert refusal(services, signed("serial-1", KEYS["serial-1"])) == "bad_signature"
    assert source.asked == ["serial-1", "serial-1"]


def test_made_up_claims_do_not_make_the_gateway_call_without_end(services_with: MakeServices) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    for number in range(5):
        assert refusal(services, signed(f"made-up-{number}", b"x")) == "unknown_key"
    with pytest.raises(UpstreamUnavailable) as caught:
        receive(services, "open", signed("made-up-11", b"x"), trace_id="")
    assert caught.value.retry_after is not None
    assert len(source.asked) == 5


@pytest.mark.parametrize("claim", ["", "x" * 513])
def test_a_claim_of_odd_length_is_no_reason_to_call(services_with: MakeServices, claim: str) -> None:
    source = SerialSource()
    assert refusal(services_of(services_with, source), signed(claim, b"x")) == "bad_key_claim"
    assert source.asked == []


def test_a_platform_that_is_away_is_not_the_callers_fault(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    source = SerialSource()
    source.on_fetch = away
    services = services_of(services_with, source)
    with pytest.raises(UpstreamUnavailable):
        receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    source.on_fetch = lambda: None
    clock.advance(seconds=FAILED_SECONDS + 1)
    assert receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="").status == 200


@pytest.mark.backends("sqlite")
def test_callers_at_the_same_time_make_one_fetch(services_with: MakeServices) -> None:
    source = SerialSource()
    started = threading.Event()

    def slowly() -> None:
        started.set()
        threading.Event().wait(0.2)

    source.on_fetch = slowly
    services = services_of(services_with, source)

    def take(_: Any) -> int:
        return receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="").status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(take, range(8))) == {200}
    assert source.asked == ["serial-1"]


def test_kept_keys_are_bounded_and_the_least_used_goes() -> None:
    kept = FoundKeys()
    kept.keep("first", {"first": b"1"}, NOW, 60)
    for number in range(MOST_KEYS):
        kept.look_up("first", NOW)
        kept.keep(f"k{number}", {f"k{number}": b"k"}, NOW, 60)
    assert kept.look_up("k0", NOW) is None
    assert kept.look_up("first", NOW) is not None


@pytest.mark.backends("sqlite")
def test_one_address_cannot_keep_the_platforms_new_key_from_being_found(services_with: MakeServices) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    flooded(services, addresses=1)
    assert receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="").status == 200


@pytest.mark.backends("sqlite")
def test_a_flood_does_not_keep_a_key_that_has_proven_requests_from_being_renewed(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    clock.advance(seconds=source.key_seconds + 1)
    source.keys = {}
    flooded(services, addresses=20)
    source.keys = {"serial-1": b"renewed"}
    assert receive(services, "open", signed("serial-1", b"renewed"), trace_id="").status == 200


@pytest.mark.backends("sqlite")
def test_a_flood_from_many_addresses_is_bounded(services_with: MakeServices) -> None:
    source = SerialSource()
    flooded(services_of(services_with, source), addresses=20)
    assert len(source.asked) == 30


@pytest.mark.backends("sqlite")
def test_what_failed_a_moment_ago_is_not_asked_again(services_with: MakeServices, clock: FrozenClock) -> None:
    source = SerialSource()
    source.on_fetch = away
    services = services_of(services_with, source)
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable):
            receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    assert source.asked == ["serial-1"]
    source.on_fetch = lambda: None
    assert receive(services, "open", signed("serial-2", KEYS["serial-2"]), trace_id="").status == 200


def bad_answer() -> None:
    raise UpstreamError("upstream_bad_answer", "a page instead of keys")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("fault", [away, bad_answer])
def test_a_key_that_has_proven_requests_goes_on_while_its_platform_is_away(
    services_with: MakeServices, clock: FrozenClock, fault: Callable[[], None]
) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    source.on_fetch = fault
    clock.advance(seconds=source.key_seconds + 1)
    for _ in range(2):
        assert receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="").status == 200
    assert source.asked == ["serial-1", "serial-1"]
    assert refusal(services, signed("serial-1", b"x")) == "bad_signature"
    clock.advance(seconds=GRACE.total_seconds())
    with pytest.raises(UpstreamError):
        receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")


@pytest.mark.backends("sqlite")
def test_a_key_that_was_found_and_proved_nothing_does_not_go_on(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    assert refusal(services, signed("serial-1", b"x")) == "bad_signature"
    source.on_fetch = away
    clock.advance(seconds=source.key_seconds + 1)
    with pytest.raises(UpstreamUnavailable):
        receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")


@pytest.mark.backends("sqlite")
def test_a_key_that_the_platform_took_back_is_gone_at_once(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")
    clock.advance(seconds=source.key_seconds + 1)
    source.keys = {}
    assert refusal(services, signed("serial-1", KEYS["serial-1"])) == "unknown_key"
    source.on_fetch = away
    clock.advance(seconds=UNKNOWN_SECONDS + 1)
    with pytest.raises(UpstreamUnavailable):
        receive(services, "open", signed("serial-1", KEYS["serial-1"]), trace_id="")


def test_made_up_claims_do_not_push_out_a_key_that_has_proven_a_request() -> None:
    kept = FoundKeys()
    kept.keep("real", {"real": b"1"}, NOW, 3600)
    kept.note_proof("real")
    for number in range(MOST_KEYS * 2):
        kept.keep(f"made-up-{number}", {}, NOW, 3600)
        kept.keep(f"alias-{number}", {f"alias-{number}": b"1"}, NOW, 3600)
    found = kept.look_up("real", NOW)
    assert found is not None
    assert found.key == b"1"


def test_a_caller_does_not_wait_long_for_another_ones_fetch() -> None:
    kept = FoundKeys(longest_wait=0.01)
    with kept.alone(), pytest.raises(UpstreamUnavailable), kept.alone():
        pass
