"""Odd text in every stored field of an event: the store holds it or the pipeline bounded it, and no neighbour suffers.

Which fields there are is the table's to say, so a new column without a way in here is a failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.config.channels import ChannelConfig
from app.core.errors import RequestError
from app.core.storable import is_storable
from app.core.values import InboundRequest, ParsedEvent, Verified
from app.factory import create_app
from app.pipeline.channels import Channel, Channels
from app.pipeline.inbound.prepare import Prepared, prepare
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.platforms import discover
from app.storage.database.group_commit import Job
from app.storage.inbox.events import events, find_event
from app.storage.inbox.nonces import nonces
from app.storage.queue.acceptance import accept_many
from app.storage.queue.dispatches import queue
from tests.builders import exchange
from tests.inbound.open_source import OpenSource, services_of
from tests.inbound.open_source import delivery as plain_delivery
from tests.odd_text import ODD_TEXTS
from tests.platforms.samples import Sample, on_a_database, samples
from tests.sizes import IS_LONG

MakeServices = Callable[..., Services]
Place = TypeVar("Place")


class Anything(OpenSource):
    """A platform that says and hands on whatever a test tells it to."""

    address_template = ""

    def __init__(self) -> None:
        self.verified = Verified("test")
        self.said = ParsedEvent("order.paid", "evt_1", {})

    def takes_address(self, rest: str) -> bool:
        return True

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        return self.verified

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        return self.said


def saying(source: Anything, **changes: Any) -> InboundRequest:
    source.said = source.said._replace(**changes)
    return plain_delivery(b"{}")


def proving(source: Anything, **changes: Any) -> InboundRequest:
    source.verified = source.verified._replace(**changes)
    return plain_delivery(b"{}")


def asking(**changes: Any) -> InboundRequest:
    return plain_delivery(b"{}")._replace(**changes)


Way = Callable[[Anything, str], InboundRequest]

WAYS: dict[str, Way] = {
    "type": lambda source, text: saying(source, type=text),
    "key": lambda source, text: saying(source, key=text),
    "claim": lambda source, text: saying(source, key=text + "2"),
    "subject": lambda source, text: saying(source, subject=text),
    "data": lambda source, text: saying(source, data={text: [text, {"id": text}]}),
    "scheme": lambda source, text: proving(source, scheme=text),
    "version": lambda source, text: asking(version=text),
    "remote_addr": lambda source, text: asking(remote_addr=text),
    "path_rest": lambda source, text: asking(path=f"/webhooks/open/{text}"),
    "query_string": lambda source, text: asking(query_string=f"a={text}"),
    "headers": lambda source, text: asking(headers=((text, text), ("X-Version", text))),
    "body": lambda source, text: asking(body=text.encode("utf-8", "surrogatepass")),
    "masked": lambda source, text: asking(
        headers=((f"{text}-token", "v1"),), query_string=f"{text}secret=v2"
    ),
    "sealed": lambda source, text: asking(
        headers=(("Authorization", text or "x"),), query_string=f"token={text}"
    ),
    # These three are no columns of the event, and come with it.
    "method": lambda source, text: asking(path=text),
    "nonce": lambda source, text: proving(source, nonce=text or "n"),
    "nonce_bound_to": lambda source, text: proving(
        source, nonce=f"n-{list(ODD_TEXTS.values()).index(text)}", nonce_bound_to=text or "b"
    ),
}
OWN = {"id", "channel", "platform", "state", "duplicates", "occurred_at", "received_at", "traceparent"}
"""What the gateway makes itself or writes anew from valid digits, or an operator names; times have a test of their own below."""


@pytest.fixture
def source() -> Anything:
    return Anything()


@pytest.fixture
def services(services_with: MakeServices, source: Anything) -> Services:
    router = Router()
    router.on("open", name="ordered")(lambda event, context: None)
    services = services_of(services_with, source, router=router)
    [channel] = services.channels
    ordered = channel.config.model_copy(update={"order_by": "id"})
    exchange(services, channels=Channels([replace(channel, config=ordered)]))
    return services


def stored_with_a_neighbour(services: Services, source: Anything, request: InboundRequest) -> str:
    """Store a delivery and a good one in one commit, and return the first one's id; a split batch is a failure."""
    odd = prepare(services, "open", request, trace_id="")
    source.said, source.verified = ParsedEvent("order.paid", None, {"id": "good"}), Verified("test")
    good = prepare(services, "open", plain_delivery(b"{}"), trace_id="")
    assert isinstance(odd, Prepared)
    assert isinstance(good, Prepared)
    jobs = [Job(accept_many, each.ready.acceptances) for each in (odd, good)]
    before = services.database.commits
    services.accepts.write_together(jobs)
    [first], [second] = (job.outcome() for job in jobs)
    assert services.database.commits == before + 1
    assert second.is_new
    return first.event_id


def test_every_column_of_an_event_is_driven_here() -> None:
    ways = WAYS.keys() - {"method", "nonce", "nonce_bound_to"}
    assert set(events.c.keys()) == ways | OWN


@pytest.mark.parametrize("field", WAYS)
def test_odd_text_in_a_field_is_stored_beside_its_neighbour(
    services: Services, source: Anything, field: str
) -> None:
    for name, text in ODD_TEXTS.items():
        source.said = ParsedEvent("order.paid", f"key of {name}", {"id": "odd"})
        source.verified = Verified("test")
        event_id = stored_with_a_neighbour(services, source, WAYS[field](source, text))
        with services.database.read() as tx:
            event = find_event(tx, event_id)
        assert event is not None, name
        detail = event_detail(services, event_id)
        assert json.dumps(detail, ensure_ascii=False).encode("utf-8"), name
        if field in ("type", "key", "subject") and is_storable(text, 255):
            assert getattr(event, field) == text


@pytest.mark.parametrize("field", ["key", "claim"])
def test_odd_keys_still_tell_events_apart_and_copies_together(
    services: Services, source: Anything, field: str
) -> None:
    ids = set()
    for text in ODD_TEXTS.values():
        request = WAYS[field](source, text)
        said = source.said
        first = stored_with_a_neighbour(services, source, request)
        source.said = said
        assert stored_with_a_neighbour(services, source, request) == first
        ids.add(first)
    assert len(ids) == len(ODD_TEXTS)


def test_odd_order_keys_are_stored_and_told_apart(services: Services, source: Anything) -> None:
    for name, text in ODD_TEXTS.items():
        source.said, source.verified = ParsedEvent("order.paid", name, {"id": text}), Verified("test")
        stored_with_a_neighbour(services, source, plain_delivery(b"{}"))
    with services.database.read() as tx:
        keys = [row.order_key for row in tx.execute(queue.select())]
    # The good neighbours share one, an empty value has none.
    assert len(set(keys)) == len(ODD_TEXTS) + 1


@pytest.mark.parametrize(
    "at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=["first", "last"]
)
def test_a_time_at_the_end_of_the_calendar_is_stored(
    services: Services, source: Anything, at: datetime
) -> None:
    event_id = stored_with_a_neighbour(services, source, saying(source, occurred_at=at))
    with services.database.read() as tx:
        event = find_event(tx, event_id)
    assert event is not None
    assert event.occurred_at == at


# ------------------------------------------------------------------ what is refused


class Refusing(Anything):
    def __init__(self) -> None:
        super().__init__()
        self.error = RequestError("bad", "bad")

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        raise self.error


REFUSED: dict[str, Callable[[str], tuple[InboundRequest, RequestError]]] = {
    "error": lambda text: (asking(), RequestError(text, "why")),
    "reason": lambda text: (asking(), RequestError("bad", text)),
    "detail": lambda text: (asking(), RequestError("bad", "why", detail=text)),
    "path": lambda text: (asking(path=text), RequestError("bad", "why")),
    "remote_addr": lambda text: (asking(remote_addr=text), RequestError("bad", "why")),
    "headers": lambda text: (asking(headers=((text, text),)), RequestError("bad", "why")),
    "body_start": lambda text: (
        asking(body=text.encode("utf-8", "surrogatepass")),
        RequestError("bad", "why"),
    ),
}


@pytest.mark.parametrize("field", REFUSED)
def test_odd_text_in_a_refusal_is_kept(services_with: MakeServices, field: str) -> None:
    source = Refusing()
    services = services_of(services_with, source)
    for name, text in ODD_TEXTS.items():
        request, source.error = REFUSED[field](text)
        with pytest.raises(RequestError):
            receive(services, "open", request, trace_id="0" * 32)
        [newest, *_] = list_rejections_page(services, None, cursor=None, limit=1)["items"]
        assert json.dumps(newest, ensure_ascii=False).encode("utf-8"), name
    assert len(list_rejections_page(services, None, cursor=None, limit=50)["items"]) == len(ODD_TEXTS)


# ------------------------------------------------------------------ the ways in that there really are


def test_odd_letters_in_a_request_are_never_a_fault_of_ours(services_with: MakeServices) -> None:
    """As a server hands them over: a letter for each byte."""
    channel = '[channels.open]\nplatform = "callback"\nallow_unsigned = true\n'
    services = services_with(channels=channel, env={"TRUSTED_PROXIES": "1"})
    app = create_app(services=services)
    named = {
        "HTTP_X_API_VERSION", "HTTP_X_EVENT_TYPE", "HTTP_X_ANY", "HTTP_CONTENT_ENCODING", "HTTP_X_FORWARDED_FOR",
        "HTTP_HOST", "CONTENT_TYPE", "QUERY_STRING", "REMOTE_ADDR", "REQUEST_METHOD", "PATH_INFO",
    }  # fmt: skip
    for name in named:
        for text in ODD_TEXTS.values():
            letters = text.encode("utf-8", "surrogatepass").decode("latin-1")[:9000]
            builder = EnvironBuilder(
                path="/webhooks/open", method="POST", data=b'{"event_id":"1","event_type":"t"}'
            )
            environ = builder.get_environ() | {name: letters}
            if name == "PATH_INFO":
                environ[name] = f"/webhooks/{letters}"
            _body, status, _headers = run_wsgi_app(app, environ)
            assert int(status[:3]) < 500, (name, text[:20])


TAKING = [sample for sample in samples() if sample.prove is not None]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        yield path
    for name, item in inside:
        yield from leaves(item, (*path, name))


def with_leaf(value: Any, path: tuple[Any, ...], text: Any) -> Any:
    copy = json.loads(json.dumps(value))
    place = copy
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = text
    return copy


TEXTS_AT_A_PLACE = len(ODD_TEXTS) if IS_LONG else 5


def in_turn(places: Iterable[Place]) -> Iterator[tuple[Place, str]]:
    """Yield each place with its share of the odd texts; all places together get every text."""
    listed = list(places)
    share = max(TEXTS_AT_A_PLACE, -(-len(ODD_TEXTS) // max(1, len(listed))))
    texts = cycle(ODD_TEXTS.values())
    for place in listed:
        for text in islice(texts, share):
            yield place, text


def forms(body: bytes) -> Iterator[bytes]:
    pairs = dict(parse_qsl(body.decode()))
    for name, text in in_turn(pairs):
        yield urlencode(pairs | {name: text}, errors="surrogatepass").encode()


LEAF = re.compile(rb"<(\w+)>([^<]*|<!\[CDATA\[.*?\]\]>)</\1>", re.DOTALL)
"""An element of XML that holds text only."""


def bodies(sample: Sample) -> Iterator[bytes]:
    """Yield the sample's body with odd text in each place in turn."""
    if b"=" in sample.body and not sample.body.startswith((b"{", b"<")):
        yield from forms(sample.body)
        return
    if sample.body.startswith(b"{"):
        whole = json.loads(sample.body)
        for path, text in in_turn(leaves(whole)):
            yield json.dumps(with_leaf(whole, path, text)).encode()
        return
    if not sample.body.startswith(b"<"):
        yield from map(_raw, ODD_TEXTS.values())
    for found, text in in_turn(LEAF.finditer(sample.body)):
        before, after = sample.body[: found.start(2)], sample.body[found.end(2) :]
        yield before + b"<![CDATA[" + _raw(text) + b"]]>" + after


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").replace(b"]]>", b"")


def outcome_of(services: Services, request: InboundRequest) -> tuple[int, str]:
    """Return status and error word; anything but our own refusals escapes."""
    try:
        reply = receive(services, "sample", request, trace_id="0" * 32)
    except RequestError as error:
        return error.http_status, error.code
    return reply.status, ""


@on_a_database(TAKING)
def test_odd_text_in_a_body_of_each_platform_is_taken_or_refused(
    services_with: MakeServices, sample: Sample
) -> None:
    services = services_with(channels="")
    config = ChannelConfig(name="sample", platform=sample.slug, unknown_events="store")
    opened = Channel(config, discover()[sample.slug], sample.open(), None, (), ())  # type: ignore[arg-type]
    exchange(services, channels=Channels([opened]))
    taken = 0
    for body in bodies(sample):
        assert sample.prove is not None
        request = sample.prove(body)._replace(received_at=sample.now)
        with services.database.begin() as tx:
            tx.execute(nonces.delete())
        status, word = outcome_of(services, request)
        assert status < 500, body[:300]
        assert word != "unstorable_value", body[:300]
        taken += status < 300
    assert taken
    assert list_events_page(services, {}, cursor=None, limit=200)["items"]
