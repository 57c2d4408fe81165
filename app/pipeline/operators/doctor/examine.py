"""Everything the doctor looks at, in order; each finding is given as soon as it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.core.clock import Clock, SystemClock
from app.core.ports import WebhookSource
from app.pipeline.channels import Channel, DisabledChannel
from app.pipeline.operators.doctor.brokers import broker_findings
from app.pipeline.operators.doctor.channel import (
    console_finding,
    disabled_finding,
    keys_finding,
    platform_findings,
)
from app.pipeline.operators.doctor.clock import DateNotes, ask_database_clock, clock_finding
from app.pipeline.operators.doctor.configuration import configuration_findings, https_finding
from app.pipeline.operators.doctor.finding import Finding
from app.pipeline.operators.doctor.port import PortFacts, port_finding
from app.pipeline.operators.doctor.probe import BESIDE_CALLBACKS, WELL_KNOWN
from app.pipeline.operators.doctor.public_address import (
    callbacks_finding,
    proxy_findings,
    public_address_finding,
)
from app.pipeline.operators.doctor.reaching import reach
from app.pipeline.operators.doctor.refusals import ask_refusals, refusal_findings
from app.pipeline.operators.doctor.store import (
    ask_disk,
    database_findings,
    disk_finding,
    is_usable,
    sqlite_folder,
)
from app.pipeline.services import Services

NOT_ASKED = "Not tried: offline."


def _nobody(_port: int) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What only the caller knows: `port` is where `flask serve` listens, None within a serving process; `holder_of` names who has a port."""

    is_offline: bool = False
    port: int | None = None
    holder_of: Callable[[int], str | None] = _nobody
    local: Clock = field(default_factory=SystemClock)


def examine(services: Services, around: Surroundings | None = None) -> Iterator[Finding]:
    """Look at the whole gateway.

    1. The configuration.
    2. What the gateway stands on: database, tables, disk, broker, counters, port.
    3. The public address, and what the proxies on the way do.
    4. Each channel; what its platform answers tells the time too.
    5. The clock, last, by everybody who told the time.
    """
    around = around or Surroundings()
    notes = DateNotes(around.local)
    yield from configuration_findings(services.settings, services.channels)
    yield from _ground(services, around)
    yield from public_findings(services, is_offline=around.is_offline)
    yield from _channels(services, around, notes)
    yield clock_finding(notes.readings, ask_database_clock(services.database, around.local))


def _ground(services: Services, around: Surroundings) -> Iterator[Finding]:
    yield from database_findings(services.database, services.vault)
    folder = sqlite_folder(services.database)
    yield disk_finding(services.settings, None if folder is None else ask_disk(folder))
    yield from broker_findings(services.settings)
    if around.port is not None:
        yield port_finding(_who_has(services, around, around.port))


def _who_has(services: Services, around: Surroundings, port: int) -> PortFacts:
    reached = reach(services, f"http://127.0.0.1:{port}", WELL_KNOWN)
    holder = around.holder_of(port)
    return PortFacts(
        port,
        holder,
        is_taken=holder is not None or reached.is_there,
        is_ours=reached.echo is not None,
        is_gateway=reached.word == "bad_probe",
    )


def public_findings(services: Services, *, is_offline: bool) -> Iterator[Finding]:
    """Look at the public address, and at what becomes of a request on its way here."""
    settings = services.settings
    yield https_finding(settings)
    if is_offline:
        for name in ("public_address", "callback_addresses", "proxies"):
            yield Finding(name, "not_tried", NOT_ASKED)
        return
    pages = reach(services, settings.public_base_url, WELL_KNOWN)
    callbacks = reach(services, settings.public_base_url, BESIDE_CALLBACKS)
    yield public_address_finding(settings, pages)
    yield callbacks_finding(settings, pages, callbacks)
    yield from proxy_findings(settings, callbacks.echo or pages.echo)


def _channels(services: Services, around: Surroundings, notes: DateNotes) -> Iterator[Finding]:
    for channel in services.channels:
        yield from examine_channel(services, channel, is_offline=around.is_offline, notes=notes)
    for disabled in services.channels.disabled:
        yield from examine_disabled(disabled)


def examine_channel(
    services: Services, channel: Channel, *, is_offline: bool, notes: DateNotes
) -> Iterator[Finding]:
    """Look at one channel: keys, platform, what was refused lately, what the platform's console must hold."""
    yield keys_finding(channel)
    if is_offline:
        yield Finding("platform", "not_tried", NOT_ASKED, about=channel.name)
    else:
        yield from platform_findings(services.settings, channel, notes)
    yield from lately(services, channel)
    if (held := console_finding(services.settings, channel)) is not None:
        yield held


def lately(services: Services, channel: Channel) -> Iterator[Finding]:
    """Look at what a channel that takes callbacks refused lately, where the store can be asked."""
    if channel.as_capability(WebhookSource) is not None and is_usable(services.database):
        yield from refusal_findings(ask_refusals(services, channel))


def examine_disabled(disabled: DisabledChannel) -> Iterator[Finding]:
    """Look at a channel that takes no part."""
    yield disabled_finding(disabled)
