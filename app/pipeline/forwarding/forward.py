"""Forwarding: an event becomes a CloudEvent, signed as a Standard Webhook, and is posted to a destination.

Formats: CloudEvents 1.0.2 with its JSON event format, structured mode; Standard Webhooks 1.0.0 (read 2026-11-20).
Leases, retries and dead letters are those of every dispatch (pipeline/dispatch/attempts.py).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog

from app.config.destinations import DestinationConfig
from app.config.settings import Settings
from app.core.clock import Clock
from app.core.environments import ENVIRONMENT_HEADER
from app.core.errors import PermanentError, Postponed, StoreUnavailable, UpstreamError
from app.core.exact_json import write_json
from app.core.moments import as_text
from app.core.ports import HttpAnswer
from app.core.values import Event
from app.pipeline.channels import Channels
from app.pipeline.evidence import BODY, without_credentials
from app.pipeline.forwarding.destinations import Destination, DestinationRoute, open_destination, route_to
from app.pipeline.health import Admission, admit, after_failure, after_success
from app.pipeline.own_events import DESTINATION_PAUSED, OwnEvents
from app.pipeline.router import Context, Handler
from app.security.judgement import Verdict, failure, judge
from app.security.outbound import Observer
from app.security.redaction import mask_values, redact_text
from app.storage.database.db import Database, Transaction
from app.storage.destination_states import DestinationState, find_state, lock_state, write_state
from app.wire.standard_webhooks import standard_webhook_headers

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
EXCERPT = 200

log = structlog.get_logger(__name__)


class Forwarder:
    """Sends events to destinations; one for all of them, shared by all threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        channels: Channels,
        clock: Clock,
        own_events: OwnEvents,
    ) -> None:
        self._public_base_url = settings.public_base_url
        self._environment = settings.app_env
        self._own_events = own_events
        self._database = database
        self._channels = channels
        self._clock = clock

    def forward(self, destination: Destination, event: Event, attempt: int) -> dict[str, Any]:
        """Hand one event to a destination and return the status it answered with.

        1. A place among those under way, and the destination's leave: else Postponed, which uses up no attempt.
        2. The event is written down, signed and posted; nothing of the database is held meanwhile.
        3. What came of it changes the destination's state.
        4. A refusal that cannot change raises PermanentError, anything else that failed UpstreamError.
        """
        with destination.gate.place(self._clock.now()):
            admission = self._admission(destination)
            try:
                answer = self._send(destination, event, attempt)
                _require_success(destination, answer)
            except (UpstreamError, PermanentError) as error:
                self._record_failure(destination, error, probed=admission.probes)
                raise
            if admission.state.failures or admission.probes:
                self._record(destination, after_success)
        return {"status": answer.status}

    def send_once(self, destination: Destination, event: Event) -> HttpAnswer:
        """Sign and post one event and return the answer, whatever its status; no state is asked or changed."""
        return self._send(destination, event, attempt=1)

    def _admission(self, destination: Destination) -> Admission:
        """Ask for leave; only what changes the state takes a write transaction."""
        now = self._clock.now()
        with self._database.read() as tx:
            seen = find_state(tx, destination.name)
        admission = admit(seen, destination.rules, now)
        if admission.state != seen:
            admission = self._database.run(lambda tx: self._admit_for_sure(tx, destination))
        if admission.wait_until is not None:
            until = destination.gate.time_to_return(admission.wait_until)
            raise Postponed(f"{destination.name}: {admission.reason}", until=until)
        return admission

    def _admit_for_sure(self, tx: Transaction, destination: Destination) -> Admission:
        admission = admit(lock_state(tx, destination.name), destination.rules, self._clock.now())
        if admission.wait_until is None:
            write_state(tx, admission.state)
        return admission

    def _send(self, destination: Destination, event: Event, attempt: int) -> HttpAnswer:
        body = self._written(destination, event, attempt)
        timestamp = int(self._clock.now().timestamp())
        headers = standard_webhook_headers(webhook_id(destination, event), timestamp, body, destination.keys)
        own = {"Content-Type": CONTENT_TYPE, ENVIRONMENT_HEADER: self._environment}
        return destination.client.send(body, headers | own)

    def _written(self, destination: Destination, event: Event, attempt: int) -> bytes:
        channel = self._channels.get(event.channel)
        secrets = channel.secrets if channel is not None else frozenset()
        event = without_credentials(channel, event)
        content = cloud_event(event, attempt, source=f"{self._public_base_url}/webhooks/{event.channel}")
        content["environment"] = self._environment
        content["data"] = mask_values(event.data, secrets)
        if destination.config.raw:
            content["bodybase64"] = base64.b64encode(event.raw).decode()
        if masked := _masked_of(event, with_body=destination.config.raw):
            content["masked"] = ",".join(masked)
        return write_json(content)

    def _record_failure(
        self, destination: Destination, error: UpstreamError | PermanentError, *, probed: bool
    ) -> None:
        now, text = self._clock.now(), redact_text(error.message)
        is_down = not isinstance(error, PermanentError)
        state = self._record(
            destination,
            lambda state: after_failure(
                state, destination.rules, now, error=text, is_down=is_down, probed=probed
            ),
        )
        if state is not None and state.paused_at == now:
            log.error("destination_paused", destination=destination.name, reason=state.pause_reason)
        elif state is not None and state.open_until is not None:
            log.warning(
                "destination_breaker_open", destination=destination.name, until=state.open_until.isoformat()
            )

    def _record(
        self, destination: Destination, change: Callable[[DestinationState], DestinationState]
    ) -> DestinationState | None:
        """Change a state; a store that is away must not turn what arrived into a failure."""

        def work(tx: Transaction) -> DestinationState:
            before = lock_state(tx, destination.name)
            state = change(before)
            write_state(tx, state)
            if state.paused_at is not None and before.paused_at is None:
                data = {"destination": destination.name, "reason": state.pause_reason}
                self._own_events.tell(tx, DESTINATION_PAUSED, data, subject=destination.name)
            return state

        try:
            return self._database.run(work)
        except StoreUnavailable:
            log.warning("destination_state_not_written", destination=destination.name)
            return None


def destination_routes(
    configs: Iterable[DestinationConfig],
    forwarder: Forwarder,
    *,
    ca_bundle: str = "",
    observe: Observer | None = None,
) -> tuple[DestinationRoute, ...]:
    """Open every destination and return the routes to them; `observe` is told of each call."""
    opened = [open_destination(config, ca_bundle) for config in configs]
    if observe is not None:
        for destination in opened:
            destination.client.observed_by(observe)
    return tuple(_route(forwarder, each) for each in opened)


def _route(forwarder: Forwarder, destination: Destination) -> DestinationRoute:
    return route_to(
        destination.config, _handler(forwarder, destination), partial(forwarder.send_once, destination)
    )


def _handler(forwarder: Forwarder, destination: Destination) -> Handler:
    def forward(event: Event, context: Context) -> dict[str, Any]:
        return forwarder.forward(destination, event, context.attempt)

    return forward


def webhook_id(destination: Destination, event: Event) -> str:
    """Return what stays the same over all tries of an event on its way to a destination; it holds no dot."""
    return f"{event.id}_{destination.name}"


def cloud_event(event: Event, attempt: int, *, source: str) -> dict[str, Any]:
    """Return the context attributes of an event; absent ones are left out, as the specification asks for."""
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": f"{event.platform}.{event.type}",
        "subject": event.subject or None,
        "time": as_text(event.occurred_at or event.received_at),
        "datacontenttype": "application/json",
        "channel": event.channel,
        "platform": event.platform,
        "eventkey": event.key,
        "eventversion": event.version,
        "attempt": attempt,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _masked_of(event: Event, *, with_body: bool) -> list[str]:
    """Name what was masked in what a destination gets: the data, and the body where it is sent too."""
    return [name for name in event.masked if name.startswith("data:") or (with_body and name == BODY)]


def _require_success(destination: Destination, answer: HttpAnswer) -> None:
    """Return for a success; raise what says whether another try can help."""
    judgement = judge(answer)
    if judgement.verdict is Verdict.SUCCESS:
        return
    said = answer.body[:EXCERPT].decode("utf-8", "replace").strip()
    message = f"{destination.name} answered {answer.status}"
    raise failure(judgement, message + (f": {said}" if said.isprintable() and said else "."))
