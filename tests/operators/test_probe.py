"""The gateway's question to itself: answered once, for its own key only, and never more than digests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.factory import create_app
from app.pipeline.operators.doctor.probe import (
    BESIDE_CALLBACKS,
    BODY,
    WELL_KNOWN,
    Probe,
    changed_headers,
    is_body_changed,
    make_probe,
    read_echo,
)
from app.pipeline.services import Services
from tests.builders import FrozenClock

ADDRESSES = pytest.mark.parametrize("address", [WELL_KNOWN, BESIDE_CALLBACKS])


def client_of(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def ask(client: FlaskClient, probe: Probe, address: str = WELL_KNOWN, body: bytes = BODY) -> TestResponse:
    return client.post(address, data=body, headers=dict(probe.headers))


@ADDRESSES
def test_what_arrived_is_answered_as_digests_with_a_proof(services: Services, address: str) -> None:
    probe = make_probe(services)
    answer = ask(client_of(services), probe, address)
    echo = read_echo(probe, answer.json or {})
    assert echo is not None
    assert (changed_headers(echo), is_body_changed(echo), echo.length) == ([], False, len(BODY))
    assert b"callgate-probe" not in answer.data, "no header comes back as it was"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_question_is_answered_once(services: Services) -> None:
    client, probe = client_of(services), make_probe(services)
    assert ask(client, probe).status_code == 200
    again = ask(client, probe, BESIDE_CALLBACKS)
    assert (again.status_code, (again.json or {})["error"]) == (403, "bad_probe")


def test_a_question_is_answered_for_a_minute_only(services: Services, clock: FrozenClock) -> None:
    probe = make_probe(services)
    clock.advance(seconds=61)
    assert ask(client_of(services), probe).status_code == 403


def test_a_question_of_another_key_is_refused_and_its_answer_proves_nothing(
    services: Services, services_with: Callable[..., Services]
) -> None:
    other = services_with(env={"SECRET_KEY": "77f1c2d3a4b5968778695a4b3c2d1e0f99887766"})
    assert ask(client_of(services), make_probe(other)).status_code == 403
    answer = ask(client_of(services), make_probe(services)).json or {}
    assert read_echo(make_probe(services), answer) is None


def test_a_question_signed_with_the_key_before_a_rotation_is_answered(
    services: Services, services_with: Callable[..., Services]
) -> None:
    keys = ("77f1c2d3a4b5968778695a4b3c2d1e0f99887766", *services.settings.secret_key)
    rotated = services_with(env={"SECRET_KEY": ",".join(keys)})
    assert ask(client_of(rotated), make_probe(services)).status_code == 200


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "é.1.2", "..", "5f" * 16 + ".99999999999999999999." + "0" * 64, "." * 5000]
)
def test_whatever_a_token_is_the_answer_is_one_refusal(services: Services, token: str) -> None:
    answer = client_of(services).post(WELL_KNOWN, query_string={"probe": token}, data=b"x")
    assert (answer.status_code, (answer.json or {})["error"]) == (403, "bad_probe")


def test_an_address_may_ask_thirty_times_a_minute(services: Services) -> None:
    client = client_of(services)
    statuses = [client.post(WELL_KNOWN).status_code for _ in range(31)]
    assert statuses == [403] * 30 + [429]


def test_a_long_body_is_refused(services: Services) -> None:
    assert ask(client_of(services), make_probe(services), body=b"x" * 16_385).status_code == 413


def test_plain_http_is_answered_where_https_is_forced_and_told(
    services_with: Callable[..., Services],
) -> None:
    services = services_with(env={"FORCE_HTTPS": "1", "PUBLIC_BASE_URL": "https://gw.example.com"})
    client, probe = client_of(services), make_probe(services)
    assert client.post("/webhooks/callback").status_code == 403
    assert (ask(client, probe, BESIDE_CALLBACKS).json or {})["is_secure"] is False


def test_no_channel_can_have_the_name_of_the_probe() -> None:
    with pytest.raises(ConfigurationError, match="callgate-probe"):
        parse_channels('[channels.callgate-probe]\nplatform = "callback"\nsecret = "5f1c9d27b3e84a60"\n', {})
