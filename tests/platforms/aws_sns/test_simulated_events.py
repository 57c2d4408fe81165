"""What the simulated SNS sends, over HTTP, is proven with the certificate it serves; a subscription is confirmed there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from app.security.outbound import OutboundClient
from sandbox.platforms.aws_sns.firing import CALLBACKS
from tests.platforms.aws_sns.posting import channel
from tests.platforms.deliveries import delivery
from tests.platforms.recorded import Judged, judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


def simulated(server: SandboxServer) -> Any:
    return channel(topic_arns=server.settings["AWS_SNS_TOPIC_ARN"], sns_base=f"{server.url}/aws_sns")


def taken(server: SandboxServer, gateway: StandIn) -> Judged:
    (seen,) = gateway.received
    request = delivery(seen.body, seen.headers)._replace(received_at=datetime.now(UTC))
    return judge(simulated(server), request, OutboundClient([server.url]))


@pytest.mark.parametrize("kind", TYPES)
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    (result,) = fire(
        firing, platform="aws-sns", channel="sns", type=kind, version="1" if "S3" in kind else "2"
    )
    (event,) = taken(firing, gateway).events
    assert (event.type, event.key) == (kind.partition(".")[0], result["event_id"])
    assert ("content" in event.data) is ("." in kind)


def test_raw_delivery_is_refused(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="aws-sns", channel="sns", type="Notification", raw=True)
    assert taken(firing, gateway).why == "raw_delivery"


def test_the_simulator_confirms_what_it_asked_for(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="aws-sns", channel="sns", type="SubscriptionConfirmation")
    (event,) = taken(firing, gateway).events
    address = simulated(firing).confirmation_address(event)
    assert OutboundClient([firing.url]).request("GET", address).status == 200
    assert requests.get(address.replace("Token=", "Token=x"), timeout=5).status_code == 400


def test_the_simulator_has_no_other_certificate(firing: SandboxServer) -> None:
    answer = requests.get(f"{firing.url}/aws_sns/SimpleNotificationService-abc.pem", timeout=5)
    assert answer.status_code == 404
