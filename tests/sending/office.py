"""A platform that sends: a real HTTP server that answers as told, the sender that calls it, and an engine run by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings
from app.core.errors import RequestError, TokenRejected, UpstreamUnavailable
from app.core.ports import HttpClient, PlatformSpec
from app.core.sending import (
    Lent,
    Message,
    OutcomeUnknown,
    Pace,
    Part,
    QuotaReached,
    Recipient,
    SendRefused,
    SendResult,
)
from app.core.values import AppToken, Event
from app.pipeline.channels import Channel, Channels
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators.messages import show_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.security.outbound import OutboundClient
from tests.builders import exchange, run_stored_claim

Answer = tuple[int, dict[str, Any]]
HANG_UP: Answer = (0, {})
"""The server takes the call and closes the connection without an answer."""


@dataclass
class Call:
    """One call as the platform saw it."""

    text: str
    to: list[str]
    repeat_key: str
    token: str | None
    channel: str


class Office:
    """The platform: takes every letter unless `answer` says something else; `taken` are those it took, call by call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.taken: list[Call] = []
        self.answer: Callable[[Call], Answer] = lambda call: (200, {"id": f"m{len(self.calls)}"})
        self.before_answer: Callable[[Call], None] = lambda call: None
        office = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                office.take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        call = Call(**body)
        self.calls.append(call)
        status, content = self.answer(call)
        if status == 200:
            self.taken.append(call)
        self.before_answer(call)
        if (status, content) == HANG_UP:
            handler.close_connection = True
            return
        raw = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def answers(self, *answers: Answer) -> None:
        """Give these answers, one for each call, and take everything afterwards."""
        left = list(answers)
        self.answer = lambda call: left.pop(0) if left else (200, {"id": f"m{len(self.calls)}"})

    @property
    def texts(self) -> list[str]:
        """What was taken, in order."""
        return [call.text for call in self.taken]

    @property
    def reached(self) -> list[str]:
        """Whom letters were taken for, in order."""
        return [value for call in self.taken for value in call.to]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Clerk:
    """The sender: splits a text at `|` into parts, and knows what the server's statuses mean."""

    url: str
    name: str
    recipient_kinds: tuple[str, ...] = ("user_id", "open_id", "robot")
    most_recipients: int = 1
    recognises_repeats: bool = False
    paces: tuple[Pace, ...] = ()
    with_token: bool = False
    refresh_app_token_before: int = 300
    tokens: list[str] = field(default_factory=list)
    judged: int = 0
    refusal: SendRefused | None = None

    def needs_app_token(self, kind: str) -> bool:
        return self.with_token

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return AppToken(self.tokens[-1], 7200)

    def reply_to(self, event: Event) -> Recipient | None:
        return None if event.subject is None else Recipient("user_id", event.subject)

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        self.judged += 1
        text = str(message.content.get("text", "")) if message.is_native else message.text
        if message.is_native and message.type != "text":
            raise RequestError("bad_message", "type must be text here.")
        return [Part({"text": each}, preview=each[:200]) for each in text.split("|")]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        if self.refusal is not None:
            raise self.refusal
        body = {
            "text": part.body["text"],
            "to": [each.value for each in to],
            "repeat_key": lent.repeat_key,
            "token": lent.app_token,
            "channel": self.name,
        }
        answer = lent.http.request("POST", f"{self.url}/letters", json=body)
        said = dict(answer.json_object())
        return _judged(answer.status, said)


def _judged(status: int, said: dict[str, Any]) -> SendResult:
    if status == 200:
        return SendResult(said["id"], said.get("not_reached", {}), accepted_only=said.get("accepted", False))
    errors = {
        400: SendRefused("content", "The text is not allowed; change it."),
        401: TokenRejected(),
        403: SendRefused("settings", "The robot was removed; make a new one."),
        404: SendRefused("recipient", "Nobody has this id."),
        429: QuotaReached("20 a minute are allowed.", retry_after=said.get("wait", 60)),
        503: UpstreamUnavailable("The platform is busy.", was_sent=False),
    }
    raise errors.get(status, OutcomeUnknown(f"The answer {status} is not classified."))


def channel_of(clerk: Any, http: HttpClient) -> Channel:
    spec = PlatformSpec("office", "Office", "https://office.example", PlatformSettings, lambda _n, _s: clerk)
    return Channel(ChannelConfig(name=clerk.name, platform="office"), spec, clerk, http, (), ())


def open_channels(services: Services, office: Office, *clerks: Clerk) -> None:
    """Let the gateway have channels with these senders and no others."""
    http = OutboundClient([office.url], total_timeout=2.0)
    exchange(services, channels=Channels(channel_of(clerk, http) for clerk in clerks))


def ask(services: Services, key: str | None = None, *, caller: str = "ops", **body: Any) -> str:
    """Ask for a message to u1 through `post` unless the body says otherwise; return its id."""
    whole = {"channel": "post", "to": {"user_id": "u1"}, "text": "hello"} | body
    whole = {name: value for name, value in whole.items() if value is not None}
    return accept_message(services, whole, Order(caller, key)).id


def run_due(services: Services) -> int:
    """Run everything that is due now, as an engine would; return how many attempts that were."""
    made = 0
    while claims := claim_work(services, limit=50):
        for claim in claims:
            run_stored_claim(services, claim)
            made += 1
    return made


def shown(services: Services, message_id: str) -> dict[str, Any]:
    """Return a message with its recipients."""
    return show_message(services, message_id, limit=200)


def states(services: Services, message_id: str) -> list[str]:
    """Return the states of a message's recipients, part by part."""
    return [each["state"] for each in shown(services, message_id)["recipients"]]
