"""Judges the settings and the channels file: what stops the start, and what prod would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.config.settings import Settings, environment_faults
from app.pipeline.channels import Channels, unsafe_about
from app.pipeline.operators.doctor.finding import Finding, State

NO_FILE = "There is no .env in this folder: `flask init` writes one; where it is elsewhere, go there or set CALLGATE_HOME."
A_FAULT = "Change it in .env or channels.toml; nothing starts until then."


def unusable_configuration(faults: Iterable[str], *, has_file: bool) -> Iterator[Finding]:
    """Yield a finding for each fault that stops the start; the sentences name setting or key, and what to write."""
    for fault in faults:
        yield Finding(
            "configuration",
            "wrong",
            "%(fault)s",
            A_FAULT if has_file else NO_FILE,
            {"fault": fault},
        )


def configuration_findings(settings: Settings, channels: Channels) -> Iterator[Finding]:
    """Say what of a configuration that starts is unsafe; in test that is a warning, in dev it is how things are."""
    unsafe = [
        f"[channels.{channel.name}] {sentence}" for channel in channels for sentence in unsafe_about(channel)
    ]
    found = environment_faults(settings) + unsafe
    if settings.app_env == "dev" or not found:
        yield Finding(
            "configuration",
            "ok",
            "APP_ENV is %(env)s, and every setting can be used.",
            values={"env": settings.app_env},
        )
        return
    for fault in found:
        yield Finding(
            "configuration",
            "warn",
            "prod would refuse this: %(fault)s",
            "Change it before this gateway becomes production.",
            {"fault": fault},
        )


def https_finding(settings: Settings) -> Finding:
    """Say whether the public address is https, without which platforms and cookies do not work."""
    values = {"url": settings.public_base_url}
    if settings.is_https:
        return Finding("https", "ok", "%(url)s is https.", values=values)
    state: State = "warn" if settings.app_env == "dev" else "wrong"
    return Finding(
        "https",
        state,
        "%(url)s is plain http: most platforms refuse such a callback address, and cookies are sent in the clear.",
        "Put a proxy with a certificate in front and write its https:// address into PUBLIC_BASE_URL; on your own machine use "
        "a tunnel: `flask tunnel --write`.",
        values,
    )
