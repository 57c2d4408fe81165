"""No secret of a channel, and no credential of a request, stands in clear anywhere in the store: asked of every platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import select

from app import platforms
from app.config.channels import ChannelConfig
from app.config.platform_settings import configured_secrets
from app.core.errors import RequestError
from app.core.values import InboundRequest
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.tables import metadata
from tests.builders import FrozenClock, exchange
from tests.platforms.samples import Sample, on_a_database, samples

TAKING = [sample for sample in samples() if sample.prove is not None]
CARRIED = {
    "Authorization": "Basic cHJveHk6aHVudGVyMi1ub3Qtb3Vycw==",
    "Cookie": "sid=cookie-value-7c1d9e",
    "Proxy-Authorization": "Bearer proxy-bearer-3b8f",
    "X-Original-URI": "/webhooks/open?token=query-token-5a6b7c",
}
QUERY = "token=query-token-5a6b7c"
VALUES = (
    "cHJveHk6aHVudGVyMi1ub3Qtb3Vycw==",
    "cookie-value-7c1d9e",
    "proxy-bearer-3b8f",
    "query-token-5a6b7c",
)

each_sample = pytest.mark.parametrize("sample", TAKING, ids=lambda sample: f"{sample.slug}-{sample.mode}")


@pytest.fixture
def open_sample(services_with: Callable[..., Services]) -> Callable[[Sample], Services]:
    """Return a function that makes services with a sample's channel twice: `open`, and `closed` to every address."""

    def make(sample: Sample) -> Services:
        router = Router()
        router.on("open", name="seen")(lambda event, context: None)
        services = services_with(channels="", router=router, clock=FrozenClock(sample.now))
        configs = (
            ChannelConfig(name=name, platform=sample.slug, options=sample.settings, ip_denylist=denied)
            for name, denied in (("open", ()), ("closed", ("0.0.0.0/0",)))
        )
        opened, _ = open_channels(configs, platforms.discover())
        exchange(services, channels=opened)
        return services

    return make


def carrying(sample: Sample) -> InboundRequest:
    """Return the sample's genuine delivery with credentials of proxies and senders beside the proof."""
    assert sample.prove is not None
    if sample.prove_at is not None:
        request = sample.prove_at(sample.body, QUERY)
    else:
        request = sample.prove(sample.body)
        request = request._replace(query_string="&".join(filter(None, (request.query_string, QUERY))))
    taken = {name.lower() for name, _ in request.headers}
    more = tuple(pair for pair in CARRIED.items() if pair[0].lower() not in taken)
    return request._replace(headers=request.headers + more)


def secrets_of(sample: Sample, request: InboundRequest) -> set[str]:
    """Return what must not be found: the channel's secrets and what the request carries."""
    settings = platforms.discover()[sample.slug].settings.model_validate(dict(sample.settings))
    bearers = {value.split()[-1] for name, value in request.headers if name == "Authorization"}
    found = configured_secrets(settings) | bearers | set(VALUES)
    return {secret for secret in found | {each.removeprefix("whsec_") for each in found} if len(secret) > 4}


def everything_stored(services: Services) -> bytes:
    """Return every value of every column of every table."""
    return b"\n".join(_values(services))


def _values(services: Services) -> Iterator[bytes]:
    with services.database.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                yield from (
                    bytes(each) if isinstance(each, bytes | memoryview) else str(each).encode()
                    for each in row
                )


def found_in(stored: bytes, secrets: set[str]) -> list[str]:
    return sorted(
        each for each in secrets if each.encode() in stored or quote(each, safe="").encode() in stored
    )


def refuse(services: Services, channel: str, request: InboundRequest) -> None:
    try:
        receive(services, channel, request, trace_id="")
    except RequestError:
        return


def only_event(services: Services) -> str:
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    return str(item["id"])


@on_a_database(TAKING)
def test_no_secret_stands_in_clear_in_any_column_of_any_table(
    open_sample: Callable[[Sample], Services], sample: Sample
) -> None:
    services, request = open_sample(sample), carrying(sample)
    receive(services, "open", request, trace_id="")
    refuse(services, "closed", request)
    refuse(services, "open", request._replace(body=request.body[:-1] + b"!"))
    refuse(services, "nowhere", request)
    assert len(list_events_page(services, {}, cursor=None, limit=9)["items"]) >= 1
    assert len(list_rejections_page(services, None, cursor=None, limit=9)["items"]) >= 2
    assert found_in(everything_stored(services), secrets_of(sample, request)) == []


@each_sample
@pytest.mark.backends("sqlite")
def test_nothing_that_is_shown_holds_a_secret_and_it_says_what_is_masked(
    open_sample: Callable[[Sample], Services], sample: Sample
) -> None:
    services, request = open_sample(sample), carrying(sample)
    receive(services, "open", request, trace_id="")
    detail = event_detail(services, only_event(services))
    assert detail is not None
    assert found_in(repr(detail).encode(), secrets_of(sample, request)) == []
    assert {"header:Authorization", "header:Cookie", "query:token"} <= set(detail["masked"])


@on_a_database(TAKING)
def test_what_is_sealed_proves_the_event_again(
    open_sample: Callable[[Sample], Services], sample: Sample
) -> None:
    services = open_sample(sample)
    receive(services, "open", carrying(sample), trace_id="")
    said = verify_event(services, only_event(services))
    assert (said["verified"], said["evidence"], said["reason"]) == (True, "sealed", None)


@each_sample
@pytest.mark.backends("sqlite")
def test_a_delivery_that_carries_nothing_but_its_proof_is_stored_with_its_proof(
    open_sample: Callable[[Sample], Services], sample: Sample
) -> None:
    """Signatures, times and nonces are no credential: they stay readable, and the body as well."""
    services = open_sample(sample)
    assert sample.prove is not None
    request = sample.prove(sample.body)
    receive(services, "open", request, trace_id="")
    detail = event_detail(services, only_event(services))
    assert detail is not None
    kept = dict(detail["headers"])
    signatures = {
        name: value
        for name, value in request.headers
        if re.search("(?i)signature|nonce|timestamp", name) and not re.search("(?i)(token|secret)$", name)
    }
    assert signatures.items() <= kept.items()
    assert detail["query"] == request.query_string
