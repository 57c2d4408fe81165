"""What handlers are lent: sending, replying, tokens, the way out; a run that is repeated sends nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import PermanentError, UpstreamError
from app.core.ports import HttpClient
from app.core.values import Event
from app.handlers import Context, Router
from app.pipeline.channels import Channel, Channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.messages import list_messages_page
from app.pipeline.services import Services
from app.security.outbound import OutboundClient
from tests.builders import FrozenClock, envelope, exchange, signed_callback
from tests.sending.office import Clerk, Office, channel_of, run_due

Handle = Callable[[Event, Context], Any]


class Stage:
    """A gateway with the channel `callback`, whose events one handler takes, and the channel `post`."""

    def __init__(self, services_with: Callable[..., Services], office: Office, clerk: Clerk):
        self.router = Router()
        self.services = services_with(router=self.router)
        self.clerk = clerk
        own: Channel | None = self.services.channels.get("callback")
        assert own is not None
        post = channel_of(clerk, OutboundClient([office.url]))
        exchange(self.services, channels=Channels([own, post]))

    def run(self, handle: Handle, **options: Any) -> None:
        self.router.on("callback", name="handle", **options)(handle)
        request = signed_callback(envelope(), received_at=self.services.clock.now())
        assert receive(self.services, "callback", request, trace_id="").status == 200
        run_due(self.services)

    @property
    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = list_messages_page(self.services, {}, cursor=None, limit=50)["items"]
        return found


@pytest.fixture
def stage(services_with: Callable[..., Services], office: Office, clerk: Clerk) -> Stage:
    return Stage(services_with, office, clerk)


def test_a_handler_that_is_repeated_sends_each_of_its_messages_once(
    stage: Stage, office: Office, clock: FrozenClock
) -> None:
    runs: list[list[str]] = []

    def handle(event: Event, context: Context) -> None:
        first = context.send("post", f"paid, try {context.attempt}", to={"user_id": "u1"})
        second = context.send("post", "shipped", to={"user_id": "u1"}, title="Order 7")
        runs.append([first, second])
        if len(runs) == 1:
            raise RuntimeError("only now")

    stage.run(handle)
    clock.advance(minutes=5)
    run_due(stage.services)
    assert (len(runs), runs[0]) == (2, runs[1])
    assert office.texts == ["paid, try 1", "shipped"]
    assert {each["caller"] for each in stage.messages} == {"handler:handle"}


def test_a_message_of_a_transactional_handler_is_there_exactly_when_its_writes_are(
    stage: Stage, office: Office, clock: FrozenClock
) -> None:
    def handle(event: Event, context: Context) -> None:
        context.send("post", f"try {context.attempt}", to={"user_id": "u1"})
        if context.attempt == 1:
            raise RuntimeError("all of it is undone")

    stage.run(handle, transactional=True)
    assert stage.messages == []
    clock.advance(minutes=5)
    run_due(stage.services)
    assert office.texts == ["try 2"]


def test_a_reply_goes_to_whoever_caused_the_event(stage: Stage, office: Office) -> None:
    def handle(event: Event, context: Context) -> None:
        with pytest.raises(PermanentError, match="name the recipient"):
            context.reply("there is nobody behind a callback")
        from_post = event._replace(channel="post", subject="u7")
        tools = context.tools
        tools.event = from_post  # type: ignore[union-attr]
        context.reply("thanks")

    stage.run(handle)
    assert (office.texts, office.reached) == (["thanks"], ["u7"])


def test_tokens_and_the_way_out_are_lent(stage: Stage, office: Office) -> None:
    seen: list[Any] = []

    def handle(event: Event, context: Context) -> None:
        seen.append(context.app_token("post"))
        assert isinstance(context.http, HttpClient)
        with pytest.raises(UpstreamError, match="is refused"):
            context.http.request("GET", f"{office.url}/private")
        with pytest.raises(PermanentError, match="no identity"):
            context.user_token("0" * 32)
        seen.append("done")

    stage.run(handle)
    assert seen == ["token-1", "done"]


def test_a_handler_under_test_is_told_that_nothing_is_lent() -> None:
    with pytest.raises(RuntimeError, match="running gateway"):
        Context(1).send("post", "hello")
