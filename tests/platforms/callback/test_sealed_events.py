"""A sealed callback through the whole gateway: what the simulator sends, what is stored, and that it can be proven again."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from app.factory import create_app
from app.pipeline.operators.events import event_detail
from app.pipeline.operators.verification import verify_event
from app.pipeline.router import Router
from app.pipeline.services import Services
from sandbox.platforms.callback import signer
from tests.builders import CALLBACK_SECRET
from tests.platforms.callback.signing import body_of
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
CHANNEL = f"""
[channels.callback]
platform = "callback"
secret = "{CALLBACK_SECRET}"
encrypted = true
"""


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    router = Router()
    router.on("*", name="note")(lambda event, context: None)
    return services_with(channels=CHANNEL, router=router)


def post(services: Services, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    client = create_app(services=services).test_client()
    answer = client.post("/webhooks/callback", data=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_what_is_stored_is_the_sealed_body_and_the_data_inside(services: Services) -> None:
    sealed = signer.sealed_body(CALLBACK_SECRET, body_of(), bytes(16))
    status, said = post(services, sealed, signer.body_headers(CALLBACK_SECRET, sealed))
    assert (status, said["status"]) == (200, "accepted")
    stored = event_detail(services, said["event_id"])
    assert stored is not None
    assert base64.b64decode(stored["body_base64"]) == sealed
    assert stored["data"]["data"] == {"user_id": "u1"}
    assert "body" not in stored["masked"]
    proven = verify_event(services, said["event_id"])
    assert (proven["verified"], proven["scheme"], proven["evidence"]) == (True, "body+aes", "exact")


def test_the_same_event_sealed_anew_is_a_duplicate(services: Services) -> None:
    answers = []
    for number in range(2):
        sealed = signer.sealed_body(CALLBACK_SECRET, body_of(), bytes([number]) * 16)
        answers.append(post(services, sealed, signer.body_headers(CALLBACK_SECRET, sealed))[1])
    assert [answer["status"] for answer in answers] == ["accepted", "already_processed"]


def test_an_open_body_is_one_uniform_refusal(services: Services) -> None:
    open_body = body_of()
    assert post(services, open_body, signer.body_headers(CALLBACK_SECRET, open_body))[0] == 401
    assert post(services, open_body, {})[0] == 401


def test_the_simulators_samples_arrive_where_both_have_the_setting(
    services: Services, gateway: StandIn
) -> None:
    """The variable CALLBACK_ENCRYPTED seals the samples of the front page, and the sample channel expects them so."""
    sandbox = SandboxServer(
        {"CALLBACK_SECRET": CALLBACK_SECRET, "CALLBACK_ENCRYPTED": "true"}, gateway_url=gateway.url
    )
    fire(sandbox, channel="callback", type="payment_notify", path="/webhooks/callback")
    sandbox.stop()
    (seen,) = gateway.received
    status, said = post(services, seen.body, dict(seen.headers))
    assert (status, said["status"]) == (200, "accepted"), said
