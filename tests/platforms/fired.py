"""Events as the simulator fires them, put through the channel that the sample file opens for the same keys."""

from __future__ import annotations

from datetime import UTC, datetime

from app.platforms import discover
from sandbox.platforms import by_slug
from tests.platforms.deliveries import delivery
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer
from tests.sources.judging import Judged, judge

Keys = dict[str, object]


def types_of(slug: str) -> list[str]:
    """Return the types of every sample of a platform."""
    callbacks = by_slug()[slug].callbacks
    assert callbacks is not None
    return [sample.type for sample in callbacks.samples]


def sample_channel(slug: str) -> Keys:
    """Return the keys of the sample channel, the simulator's variables filled in."""
    simulated = by_slug()[slug]
    values = {f"${{{each.variable}}}": each.value for each in simulated.credentials}
    filled = lambda value: (  # noqa: E731
        {name: values[each] for name, each in value.items()} if isinstance(value, dict) else values[value]
    )
    return {name: filled(value) for name, value in simulated.channel.options.items()}


def fired(server: SandboxServer, gateway: StandIn, slug: str, **order: object) -> tuple[Judged, str]:
    """Fire one event; return what became of it and the id that the simulator told."""
    (result,) = fire(server, platform=slug, channel="x", **order)
    (seen,) = gateway.received
    spec = discover()[slug]
    source = spec.open("x", spec.settings.model_validate(sample_channel(slug)))
    return judge(source, delivery(seen.body, seen.headers), datetime.now(UTC)), str(result["event_id"])
