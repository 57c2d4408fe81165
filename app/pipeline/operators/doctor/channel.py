"""Judges one channel: its keys, what its platform says about them, and what the platform's console must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app.config.settings import Settings
from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, DiscoveringLogin
from app.pipeline.channels import Channel, DisabledChannel, addresses, ask_platform
from app.pipeline.operators.doctor.clock import DateNotes
from app.pipeline.operators.doctor.finding import Finding

DOCS = Path(__file__).resolve().parents[4] / "docs"
PAGES = ("platforms/%s.md", "platforms/sources/%s.md")
"""Where a platform has a page of ours, with the steps in its console and the numbers of its refusals."""

LABELS = {
    "callback_url": "callback URL",
    "accounts_url": "URL of accounts",
    "redirect_uri": "login redirect URL",
}


def keys_finding(channel: Channel) -> Finding:
    """Say whether everything that a channel's platform offers is switched on."""
    reasons = [f"{name}: {reason}" for name, reason in channel.off.items()]
    if channel.config.disabled_reason:
        reasons.append(channel.config.disabled_reason)
    if not reasons:
        return Finding("channel", "ok", "All keys are there.", about=channel.name)
    return Finding(
        "channel",
        "warn",
        "Keys are missing, so a part of the channel is off: %(reasons)s.",
        "Set what is wanted, in .env or channels.toml; what is not wanted may stay off.",
        {"reasons": "; ".join(reasons)},
        about=channel.name,
    )


def disabled_finding(disabled: DisabledChannel) -> Finding:
    """Tell a channel that nobody set up from one that was begun: some of its values are there and others are not."""
    config = disabled.config
    if not (config.enabled and config.set_variables):
        return Finding(
            "channel", "ok", "Off: %(reason)s.", values={"reason": disabled.reason}, about=config.name
        )
    return Finding(
        "channel",
        "wrong",
        "The channel was begun and is off: %(reason)s; set are %(set)s.",
        "Set the rest too, or none of them.",
        {"reason": disabled.reason, "set": ", ".join(config.set_variables)},
        about=config.name,
    )


def questions(channel: Channel) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what can be asked of a channel's platform: an app token, a login server's discovery document."""
    source = channel.as_capability(AppTokenSource)
    if source is not None:
        yield "app token", partial(source.fetch_app_token, channel.http, rejected=None)
    discovering = channel.as_capability(DiscoveringLogin)
    if discovering is not None:
        yield "discovery document", partial(discovering.learn, channel.http)


def platform_findings(settings: Settings, channel: Channel, notes: DateNotes) -> Iterator[Finding]:
    """Ask the platform whether it takes the keys, and from here."""
    host = channel.spec.display_name
    listening = replace(channel, http=notes.listening(host, channel.http))
    for what, question in questions(listening):
        try:
            ask_platform(question)
        except UpstreamError as error:
            yield from _refused(settings, channel, what, error)
            return
        yield Finding(
            "platform",
            "ok",
            "%(platform)s takes the keys (%(what)s).",
            values={"platform": host, "what": what},
            about=channel.name,
        )
        yield Finding(
            "egress_address",
            "ok",
            "%(platform)s takes calls from this machine's address.",
            values={"platform": host},
            about=channel.name,
        )


def _refused(settings: Settings, channel: Channel, what: str, error: UpstreamError) -> Iterator[Finding]:
    values = {
        "platform": channel.spec.display_name,
        "what": what,
        "message": error.message.rstrip("."),
        "number": error.platform_code or error.code,
        "page": page_of(channel),
        "address": error.egress_address,
        "proxy": " (egress_proxy is used)" if channel.config.egress_proxy.get_secret_value() else "",
    }
    if isinstance(error, UpstreamUnavailable) and is_simulated(settings, channel):
        yield Finding(
            "platform",
            "not_tried",
            "The simulator does not answer, so the keys were not tried; `make run` starts it.",
            about=channel.name,
        )
    elif error.egress_address is not None:
        yield _kept_out(channel.name, values)
    elif isinstance(error, UpstreamUnavailable):
        yield Finding(
            "platform",
            "wrong",
            "%(platform)s cannot be reached: %(message)s.",
            "Look at the firewall and the DNS of this machine, and at egress_proxy and the *_base keys of the channel.",
            values,
            about=channel.name,
        )
    else:
        yield Finding(
            "platform",
            "wrong",
            "%(platform)s refuses the keys (%(what)s, %(number)s): %(message)s.",
            "Copy id and secret again from the platform's console, restart, and ask again with `flask channels check`; the numbers are in %(page)s.",
            values,
            about=channel.name,
        )


def _kept_out(channel: str, values: dict[str, Any]) -> Finding:
    seen = "%(platform)s takes no calls from this machine's address %(address)s%(proxy)s (%(number)s): %(message)s."
    unseen = "%(platform)s takes no calls from this machine's address%(proxy)s (%(number)s): %(message)s."
    return Finding(
        "egress_address",
        "wrong",
        seen if values["address"] else unseen,
        "Add the address with which this gateway goes out to the platform's list of allowed addresses; where the list is: %(page)s. Where it "
        "changes, send the channel's calls through a fixed one with egress_proxy.",
        values,
        about=channel,
    )


def page_of(channel: Channel) -> str:
    """Return where to read on about a channel's platform: our page, else the platform's own."""
    found = (page % channel.spec.slug for page in PAGES)
    return next((f"docs/{page}" for page in found if (DOCS / page).is_file()), channel.spec.docs_url)


def is_simulated(settings: Settings, channel: Channel) -> bool:
    """Say whether a channel's addresses lead to the simulator of development."""
    values = channel.config.options.values()
    return settings.sandbox_is_on and any(str(value).startswith(settings.sandbox_url) for value in values)


def console_finding(settings: Settings, channel: Channel) -> Finding | None:
    """Say what the platform's console must hold, None where a channel has no address."""
    urls = addresses(settings, channel)
    if not urls:
        return None
    held = "; ".join(f"{LABELS[name]} {url}" for name, url in urls.items())
    return Finding(
        "console",
        "ok",
        "The console of %(platform)s must hold exactly: %(held)s. How: %(page)s",
        values={
            "platform": channel.spec.display_name,
            "held": held,
            "page": page_of(channel),
        },
        about=channel.name,
    )
