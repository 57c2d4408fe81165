"""What the simulated WeChat Pay sends, over HTTP, is taken by a channel; its probe is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from app.core.errors import VerificationError
from app.platforms.wechatpay.downloads import WechatpayDownloads
from app.security.outbound import OutboundClient
from sandbox.platforms.wechatpay.firing import CALLBACKS, PROBE
from tests.platforms.deliveries import delivery
from tests.platforms.wechatpay.channel import channel
from tests.platforms.wechatpay.signing import DOWNLOADS
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples if sample.type != PROBE]


def now() -> datetime:
    return datetime.now(UTC)


def only_request(gateway: StandIn):
    (seen,) = gateway.received
    return delivery(seen.body, seen.headers)


def downloading(server: SandboxServer) -> WechatpayDownloads:
    opened = channel(public_keys={}, certificates=[], **DOWNLOADS | {"api_base": f"{server.url}/wechatpay"})
    assert isinstance(opened, WechatpayDownloads)
    return opened


@pytest.mark.parametrize("kind", TYPES)
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    (result,) = fire(firing, platform="wechatpay", channel="pay", type=kind, data={"resource": {"extra": 1}})
    source, request = channel(), only_request(gateway)
    verified = source.verify(request, now())
    event = source.parse(request, verified)
    assert (event.type, event.key, event.data["extra"]) == (kind, result["event_id"], 1)
    assert all(each.given in each.expected for each in verified.requirements)
    assert verified.requirements


def test_the_probe_is_refused(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="wechatpay", channel="pay", type=PROBE)
    with pytest.raises(VerificationError) as caught:
        channel().verify(only_request(gateway), now())
    assert caught.value.reason == "signature_probe"


@pytest.mark.parametrize("key", ["certificate", "next_certificate"])
def test_certificates_are_downloaded_from_the_simulator(
    firing: SandboxServer, gateway: StandIn, key: str
) -> None:
    fire(firing, platform="wechatpay", channel="pay", type="TRANSACTION.SUCCESS", key=key)
    source, request = downloading(firing), only_request(gateway)._replace(received_at=now())
    claim = source.claimed_key(request)
    assert claim is not None
    found = source.fetch_keys(claim, OutboundClient([firing.url]), now())
    assert source.verify_with_key(request, now(), found[claim]).scheme == "wechatpay-certificate"


def test_a_merchant_that_has_only_a_public_key_has_no_certificates(firing: SandboxServer) -> None:
    requests.post(f"{firing.url}/_sandbox/switches", json={"wechatpay_only_public_key": True}, timeout=5)
    assert downloading(firing).fetch_keys("1", OutboundClient([firing.url]), now()) == {}


def test_the_simulator_refuses_an_unsigned_request(firing: SandboxServer) -> None:
    answer = requests.get(f"{firing.url}/wechatpay/v3/certificates", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")


def test_an_unknown_key_is_a_fault_of_the_order(firing: SandboxServer) -> None:
    order = {"platform": "wechatpay", "channel": "pay", "type": "TRANSACTION.SUCCESS", "key": "none"}
    answer = requests.post(f"{firing.url}/_sandbox/fire", json=order, timeout=5)
    assert answer.status_code == 400
