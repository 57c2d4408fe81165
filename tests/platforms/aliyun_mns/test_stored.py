"""A push of MNS through the whole pipeline: the certificate is fetched by the guarded client, once, and the message stored."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import VerificationError
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from tests.builders import exchange
from tests.platforms.aliyun_mns.sample import SETTINGS, push
from tests.platforms.deliveries import NOW
from tests.sandbox.server import SandboxServer


@pytest.fixture
def subscribed(services_with: Callable[..., Services], sandbox: SandboxServer) -> Services:
    """Return services with one channel called `mns`, whose certificates are the simulator's."""
    services = services_with(channels="")
    options = SETTINGS | {"public_keys": {}, "cert_url_prefixes": f"{sandbox.url}/aliyun_mns/"}
    opened, _ = open_channels(
        [ChannelConfig(name="mns", platform="aliyun-mns", options=options)], platforms.discover()
    )
    exchange(services, channels=opened)
    return services


def test_the_certificate_is_fetched_once_for_many_messages(
    subscribed: Services, sandbox: SandboxServer
) -> None:
    address = f"{sandbox.url}/aliyun_mns/x509_public_certificate.pem"
    for number in range(3):
        request = push(address=address, x_mns_message_id=f"M{number}")._replace(received_at=NOW)
        assert receive(subscribed, "mns", request, trace_id="").status == 204
    assert len(list_events_page(subscribed, {}, cursor=None, limit=9)["items"]) == 3
    assert len(sandbox.state.calls("aliyun_mns.key_file")) == 1


def test_a_strangers_address_is_not_called(subscribed: Services, sandbox: SandboxServer) -> None:
    with pytest.raises(VerificationError):
        receive(subscribed, "mns", push(address="https://evil.example/x.pem"), trace_id="")
    assert list_events_page(subscribed, {}, cursor=None, limit=9)["items"] == []
