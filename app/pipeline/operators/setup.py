"""Everything a channel's set-up page shows: addresses, what goes where in the platform's console, keys, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from app.core.consoles import Console, ConsoleSource, Entry
from app.core.moments import as_text
from app.core.ports import LoginProvider
from app.pipeline.channels import Channel, DisabledChannel, accounts_url, addresses, channel_path
from app.pipeline.operators.arrivals import Arrival, arrivals, configured_channel
from app.pipeline.operators.channel_keys import KeyView, channel_keys, may_offer
from app.pipeline.operators.channels import CAPABILITIES, advice_of, coverage_of, off_sentence
from app.pipeline.operators.cure_words import Words
from app.pipeline.operators.remedies import in_both
from app.pipeline.operators.switches import override_view, overrides_of
from app.pipeline.services import Services
from app.storage.channel_overrides import Override
from app.storage.login.identities import last_login_on

StepState = Literal["done", "waiting", "failed", "unneeded"]
SAY_NOTHING = frozenset({"method_not_allowed", "rate_limited", "channel_disabled"})
"""Refusals that are not about the keys or the address, such as a visit with a browser."""

SUCCEEDED, IGNORED, DEAD = "succeeded", "ignored", "dead"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist: `keys`, `address`, `check`, `event`, `taken` or `login`; cause and cure where it failed."""

    name: str
    state: StepState
    at: datetime | None = None
    detail: str = ""
    cause: Words | None = None
    cure: Words | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the step as JSON shows it."""
        told = {"cause": in_both(self.cause), "cure": in_both(self.cure)}
        return {"name": self.name, "state": self.state, "at": as_text(self.at), "detail": self.detail, **told}


@dataclass(frozen=True, slots=True)
class Setup:
    """One channel as its set-up page shows it."""

    name: str
    platform: str
    title: str
    enabled: bool
    reason: str | None
    override: Override | None
    capabilities: tuple[str, ...]
    signature_covers: str | None
    advice: str | None
    docs_url: str
    urls: dict[str, str]
    domain_files: tuple[str, ...]
    console: Console | None
    values: dict[str, str]
    """What the console's fields take, by the name that Entry.takes has."""
    keys: list[KeyView]
    off: dict[str, str]
    steps: list[Step]
    arrivals: list[Arrival]

    def as_json(self) -> dict[str, Any]:
        """Return the page's content as JSON."""
        shown = {
            name: getattr(self, name)
            for name in (
                "name", "platform", "title", "enabled", "reason", "signature_covers", "advice", "docs_url", "urls", "off",
            )
        }  # fmt: skip
        return shown | {
            "override": override_view(self.override),
            "capabilities": list(self.capabilities),
            "domain_files": list(self.domain_files),
            "console": _console_json(self.console, self.values),
            "keys": [key.as_json() for key in self.keys],
            "checklist": [step.as_json() for step in self.steps],
        }


def channel_setup(services: Services, name: str) -> Setup:
    """Return what the set-up page of a channel shows; raises RefusedError 404 for one that is not in the file."""
    configured = configured_channel(services, name)
    override = overrides_of(services).get(name)
    is_off = override is not None and not override.enabled
    keys = channel_keys(configured.config, configured.spec)
    came = arrivals(services, name)
    channel = configured if isinstance(configured, Channel) else None
    spec, console = configured.spec, _console_of(configured)
    return Setup(
        name=name,
        platform=configured.config.platform,
        title=channel.title if channel is not None else configured.config.title or name,
        enabled=channel is not None and not is_off,
        reason=off_sentence(override) if override is not None and is_off else _reason(configured),
        override=override,
        capabilities=_capabilities(channel),
        signature_covers=None if channel is None else coverage_of(channel),
        advice=None if channel is None else advice_of(channel),
        docs_url="" if spec is None else spec.docs_url,
        urls=_urls(services, configured),
        domain_files=_domain_files(services, configured),
        console=console,
        values=_values(services, configured),
        keys=keys,
        off={} if channel is None else dict(channel.off),
        steps=_steps(services, configured, keys, came, console),
        arrivals=came,
    )


def _reason(configured: Channel | DisabledChannel) -> str | None:
    return configured.reason if isinstance(configured, DisabledChannel) else None


def _capabilities(channel: Channel | None) -> tuple[str, ...]:
    if channel is None:
        return ()
    return tuple(name for name, port in CAPABILITIES.items() if channel.as_capability(port) is not None)


def _console_of(configured: Channel | DisabledChannel) -> Console | None:
    connector = configured.connector if isinstance(configured, Channel) else None
    if isinstance(connector, ConsoleSource):
        return Console(connector.console)
    return None if configured.spec is None else configured.spec.console


def _urls(services: Services, configured: Channel | DisabledChannel) -> dict[str, str]:
    """Return every address; of a channel that lacks keys too, since a console may want the address first."""
    base, name = services.settings.public_base_url, configured.config.name
    if isinstance(configured, Channel):
        found = addresses(services.settings, configured)
    else:
        found = _urls_to_come(base, name, configured)
    if configured.config.relay_host:
        found["relay_host"] = f"{urlsplit(base).scheme}://{configured.config.relay_host}"
    return found


def _urls_to_come(base: str, name: str, configured: DisabledChannel) -> dict[str, str]:
    spec = configured.spec
    entries = spec.console.entries if spec is not None and spec.console is not None else ()
    takes = {entry.takes for entry in entries}
    found = {}
    if "callback_url" in takes or may_offer(spec, "missing_signature_secret"):
        found["callback_url"] = f"{base}{channel_path(name)}"
    if takes & {"redirect_uri", "host"} or may_offer(spec, "missing_login_secret"):
        found["redirect_uri"] = f"{base}/oauth/{name}/callback"
    return found


def _domain_files(services: Services, configured: Channel | DisabledChannel) -> tuple[str, ...]:
    return tuple(f"{services.settings.public_base_url}/{name}" for name in configured.config.domain_files)


def _values(services: Services, configured: Channel | DisabledChannel) -> dict[str, str]:
    base = services.settings.public_base_url
    below = accounts_url(services.settings, configured) if isinstance(configured, Channel) else None
    found = _urls(services, configured) | {"host": urlsplit(base).netloc, "base_url": base}
    return found | ({"accounts_url": below} if below else {})


def console_entries(setup: Setup) -> list[tuple[Entry, str | None]]:
    """Return the fields of the console that concern this channel, each with what is entered there, None where keys are copied."""
    entries = setup.console.entries if setup.console is not None else ()
    known = {key.name for key in setup.keys}
    return [
        (entry, None if entry.takes is None else setup.values[entry.takes])
        for entry in entries
        if (entry.takes in setup.values if entry.takes else known.intersection(entry.keys))
    ]


def _console_json(console: Console | None, values: dict[str, str]) -> dict[str, Any] | None:
    if console is None:
        return None
    return {
        "address": console.address,
        "checks_address": console.checks_address,
        "address_end": console.address_end,
        "fields": [
            {
                "page": entry.page,
                "english": entry.english or entry.page,
                "enter": values.get(entry.takes) if entry.takes else None,
                "keys": list(entry.keys),
            }
            for entry in console.entries
        ],
    }


def _steps(
    services: Services,
    configured: Channel | DisabledChannel,
    keys: Sequence[KeyView],
    came: Sequence[Arrival],
    console: Console | None,
) -> list[Step]:
    """Return how far a channel has come: a step is done when something proves it."""
    takes = "callback_url" in _urls(services, configured)
    found = [_keys_step(configured, keys)]
    if takes:
        found += [*_way_in(came, checks=console is not None and console.checks_address), _taken_step(came)]
    if isinstance(configured, Channel) and configured.as_capability(LoginProvider) is not None:
        with services.database.read() as tx:
            at = last_login_on(tx, configured.name)
        found.append(Step("login", "waiting" if at is None else "done", at))
    return found


def _keys_step(configured: Channel | DisabledChannel, keys: Sequence[KeyView]) -> Step:
    lacking = [key.name for key in keys if key.state in ("missing", "weak")]
    if isinstance(configured, DisabledChannel):
        return Step("keys", "failed", detail=configured.reason)
    if configured.off:
        return Step("keys", "failed", detail="; ".join(configured.off.values()))
    return Step("keys", "done", detail=", ".join(lacking))


def _way_in(came: Sequence[Arrival], *, checks: bool) -> list[Step]:
    """Return whether the platform knows the address, whether its check passed, and the first event."""
    event = next((each for each in came if each.kind == "event"), None)
    first = Step("event", "waiting") if event is None else Step("event", "done", event.at, event.what)
    return [_address_step(came), _check_step(came, checks=checks), first]


def _address_step(came: Sequence[Arrival]) -> Step:
    here = [each for each in came if each.kind != "elsewhere"]
    if here:
        return Step("address", "done", here[-1].at)
    return _failed("address", came[0]) if came else Step("address", "waiting")


def _check_step(came: Sequence[Arrival], *, checks: bool) -> Step:
    """Return how the newest check ended; a platform that sends none passes by its events."""
    here = [each for each in came if each.kind != "elsewhere" and each.outcome not in SAY_NOTHING]
    good = next((each for each in here if not each.is_refused), None)
    passed = next((each for each in here if each.kind == "check"), None)
    if here and here[0].is_refused and (good is None or good.at < here[0].at):
        return _failed("check", here[0])
    if passed is not None:
        return Step("check", "done", passed.at, passed.what)
    return Step("check", "unneeded" if good is not None or not checks else "waiting")


def _failed(name: str, arrival: Arrival) -> Step:
    return Step(name, "failed", arrival.at, arrival.detail, arrival.cause, arrival.cure)


def _taken_step(came: Sequence[Arrival]) -> Step:
    event = next((each for each in came if each.kind == "event"), None)
    if event is None:
        return Step("taken", "waiting")
    state: StepState = "waiting"
    if event.outcome == SUCCEEDED:
        state = "done"
    elif event.outcome in (IGNORED, DEAD):
        state = "failed"
    return Step("taken", state, event.at, event.outcome)
