"""Sends correctly signed events to the gateway, alone, repeated, out of order or side by side.

Turns a sample into the exact bytes a platform would send and collects the answers. What the samples contain
and how they are signed is in the platforms' folders.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from sandbox.faults import deep_merge
from sandbox.people import PEOPLE, find_person
from sandbox.platforms import by_slug, simulated_platforms
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample, Simulated
from sandbox.sources.files import slugs
from sandbox.sources.firing import callbacks_of
from sandbox.sources.types import UNNAMED
from sandbox.state import SandboxState

MOST_EVENTS = 10_000
MOST_PARALLEL = 64


def firing_platforms() -> list[Simulated]:
    """Returns the platforms that send events."""
    return [platform for platform in simulated_platforms() if platform.callbacks is not None]


def all_callbacks() -> list[tuple[str, Callbacks]]:
    """Returns what everybody sends, by slug: the platforms with a folder here, then the described sources."""
    senders = [*(platform.slug for platform in firing_platforms()), *slugs()]
    found = [(slug, _sent_by(slug)) for slug in dict.fromkeys(senders)]
    return [(slug, callbacks) for slug, callbacks in found if callbacks is not None]


def find_sample(platform: str, event_type: str) -> Sample | None:
    """Returns the sample of a platform's slug and an event type."""
    callbacks = _sent_by(platform)
    samples = callbacks.samples if callbacks is not None else ()
    if event_type == UNNAMED and samples and not _is_played(platform):
        return samples[0]
    return next((sample for sample in samples if sample.type == event_type), None)


def read_order(given: Mapping[str, Any]) -> Order:
    """Reads an order from JSON; raises ValueError with what to fix."""
    asked = str(given.get("channel") or "")
    platform = str(given.get("platform") or _platform_of(asked))
    known = [each.slug for each in firing_platforms()]
    if _sent_by(platform) is None:
        raise ValueError(f"platform must be one of {', '.join(known)}, or a source's slug")
    event_type = str(given.get("type", ""))
    if find_sample(platform, event_type) is None:
        raise ValueError(f"{platform} has no sample {event_type!r}; it has {', '.join(_types(platform))}")
    data = given.get("data", {})
    if not isinstance(data, dict):
        raise ValueError("data must be an object")
    named = {"channel", "type", "platform", "count", "duplicate", "reorder", "parallel", "person", "data"}
    return Order(
        channel=asked or (by_slug()[platform].channel.name if platform in by_slug() else platform),
        type=event_type,
        platform=platform,
        count=_between(given.get("count", 1), 1, MOST_EVENTS),
        duplicate=_between(given.get("duplicate", 0), 0, MOST_EVENTS),
        reorder=bool(given.get("reorder", False)),
        parallel=_between(given.get("parallel", 1), 1, MOST_PARALLEL),
        person=str(given.get("person", "")),
        data=data,
        options={name: value for name, value in given.items() if name not in named},
    )


def fire(state: SandboxState, order: Order) -> list[dict[str, Any]]:
    """Builds, signs and sends what was ordered; returns one result per request."""
    built = [build(state, order, age=order.count - 1 - number) for number in range(order.count)]
    copies = order.duplicate
    repeated = state.faults.take(f"fire.{order.channel}", ("duplicate",))
    if repeated is not None:
        copies += int(repeated.options.get("copies", 1))
    requests_to_send = [outgoing for outgoing in built for _ in range(1 + copies)]
    if order.reorder or state.faults.take(f"fire.{order.channel}", ("reorder",)) is not None:
        requests_to_send.reverse()
    timeout = float(order.options.get("timeout", 10))
    if order.parallel == 1:
        return [send(state, outgoing, order, timeout) for outgoing in requests_to_send]
    with ThreadPoolExecutor(order.parallel) as pool:
        return list(pool.map(lambda outgoing: send(state, outgoing, order, timeout), requests_to_send))


def build(state: SandboxState, order: Order, age: int = 0) -> Outgoing:
    """Turns an order into the exact request its platform would send, new each time.

    `age` is how many seconds ago it happened, where only the second tells two events apart.
    """
    callbacks, sample = _callbacks(order), find_sample(order.platform, order.type)
    if sample is None:
        raise ValueError(f"{order.platform} has no sample {order.type!r}")
    person = find_person(order.person) or PEOPLE[0]
    happened = state.now() - (age if callbacks.seconds_apart else 0)
    fields = deep_merge(sample.build(Moment(state.settings, person, happened)), order.data)
    path = str(order.options.get("path") or callbacks.path(order))
    return callbacks.sign(state, order, fields, path)


def send(state: SandboxState, outgoing: Outgoing, order: Order, timeout: float) -> dict[str, Any]:
    """Sends one request and returns status, body and time; status 0 means no answer."""
    callbacks = _callbacks(order)
    started = time.monotonic()
    result: dict[str, Any] = {"event_id": outgoing.event_id}
    try:
        answer = _exchange(state.settings.gateway_url, outgoing, timeout)
        result |= {"status": answer.status_code, "body": answer.content.decode("utf-8", "replace")}
        if callbacks.read_answer is not None:
            result |= callbacks.read_answer(state, answer.content)
    except requests.RequestException as error:
        result |= {"status": 0, "body": type(error).__name__}
    result["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
    if callbacks.remember is not None:
        callbacks.remember(state, order)
    return result


def _types(platform: str) -> list[str]:
    callbacks = _sent_by(platform)
    return [] if callbacks is None else [sample.type for sample in callbacks.samples]


def _callbacks(order: Order) -> Callbacks:
    callbacks = _sent_by(order.platform)
    if callbacks is None:
        raise ValueError(f"{order.platform} sends nothing")
    return callbacks


def _sent_by(platform: str) -> Callbacks | None:
    """Returns what a platform with a folder here sends, or else a source that is described by data."""
    return by_slug()[platform].callbacks if _is_played(platform) else callbacks_of(platform)


def _is_played(platform: str) -> bool:
    """Tells whether the callbacks are those of a folder here; one of a described party may only take messages."""
    found = by_slug().get(platform)
    return found is not None and (found.callbacks is not None or callbacks_of(platform) is None)


def _platform_of(channel: str) -> str:
    """Finds the platform of a sample channel, or of a channel that is called like its platform."""
    named = (each.slug for each in firing_platforms() if each.channel.name == channel)
    return next(named, channel)


def _exchange(gateway_url: str, outgoing: Outgoing, timeout: float) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # A proxy meant for the internet must not see calls to this machine.
        return session.request(
            outgoing.method,
            gateway_url + outgoing.path,
            data=outgoing.body,
            headers=outgoing.headers,
            timeout=timeout,
            allow_redirects=False,
        )


def _between(value: Any, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"a number is not between {lowest} and {highest}")
    return value
