"""Judges the public address: does it lead to this gateway, and what do the proxies on the way do to a request?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.config.settings import Settings
from app.config.tunnels import tunnel_of
from app.pipeline.operators.doctor.finding import Finding, State
from app.pipeline.operators.doctor.probe import (
    BESIDE_CALLBACKS,
    BODY,
    PRETENDED,
    Echo,
    changed_headers,
    is_body_changed,
)
from app.pipeline.operators.doctor.reaching import Reached

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
NOT_FOUND, FORBIDDEN, TOO_LARGE = 404, 403, 413


def is_local(settings: Settings) -> bool:
    """Say whether the public address is this machine's own, which no platform can call."""
    host = urlsplit(settings.public_base_url).hostname or ""
    return host in LOCAL_NAMES or host.endswith(".localhost")


def public_address_finding(settings: Settings, reached: Reached) -> Finding:
    """Say whether PUBLIC_BASE_URL leads to this gateway."""
    values = _values(settings, reached)
    if reached.echo is not None and is_local(settings):
        return Finding(
            "public_address",
            "warn" if settings.app_env == "dev" else "wrong",
            "%(url)s leads to this gateway, but only on this machine: no platform can call it.",
            "For real platforms start a tunnel and run `flask tunnel --write`; on a server write its https:// address into PUBLIC_BASE_URL.",
            values,
        )
    if reached.echo is not None:
        return Finding(
            "public_address", "ok", "%(url)s leads to this gateway, as seen from this machine.", values=values
        )
    if is_local(settings) and not reached.is_there:
        state: State = "warn" if settings.app_env == "dev" else "wrong"
        return Finding(
            "public_address",
            state,
            "Nothing answers at %(url)s, and it is an address of this machine alone.",
            "Start the gateway with `flask serve`; for real platforms start a tunnel and run `flask tunnel --write`.",
            values,
        )
    return _unreached(settings, reached, values)


def _unreached(settings: Settings, reached: Reached, values: dict[str, object]) -> Finding:
    tunnel = tunnel_of(settings.public_base_url)
    if reached.word == "bad_probe":
        return Finding(
            "public_address",
            "wrong",
            "%(url)s leads to another gateway: its SECRET_KEY is not this one's, or its clock is more than a minute off.",
            "Point the proxy at this environment's port, or write this environment's own address into PUBLIC_BASE_URL.",
            values,
        )
    if tunnel:
        return Finding(
            "public_address",
            "wrong",
            "The tunnel %(url)s (%(tunnel)s) does not lead here: %(what)s.",
            "Start the tunnel again. Its address may be another one now: `flask tunnel --write` puts it into .env, then restart the "
            "gateway and change the addresses in the platforms' consoles (`flask channels list`).",
            {**values, "tunnel": tunnel},
        )
    if not reached.is_there:
        return Finding(
            "public_address",
            "wrong",
            "%(url)s cannot be reached from this machine: %(what)s.",
            "Compare PUBLIC_BASE_URL with the proxy's name and port, the DNS entry and the firewall. Where only this machine cannot reach "
            "its own public address, send a request from elsewhere to be sure.",
            values,
        )
    return Finding(
        "public_address",
        "wrong",
        "%(url)s answers, but it is not this gateway: %(what)s.",
        "Have the proxy pass everything under that host name to this gateway, with the path as it came and without a redirect or a login of its own.",
        values,
    )


def callbacks_finding(settings: Settings, pages: Reached, callbacks: Reached) -> Finding:
    """Say whether addresses under /webhooks/ arrive too, with their path as it was sent."""
    values = _values(settings, callbacks)
    if callbacks.echo is not None:
        return Finding(
            "callback_addresses",
            "ok",
            "Requests to %(url)s/webhooks/… arrive with their path.",
            values=values,
        )
    if pages.echo is None:
        return Finding(
            "callback_addresses", "not_tried", "The public address does not lead here in the first place."
        )
    return Finding(
        "callback_addresses",
        "wrong",
        "Pages at %(url)s arrive, but %(url)s/webhooks/… does not: %(what)s.",
        "Look at the proxy's rules for /webhooks/: the path must arrive as it was sent. In nginx `proxy_pass` has to end without a slash and without a path.",
        values,
    )


def _values(settings: Settings, reached: Reached) -> dict[str, object]:
    if reached.fault:
        what = reached.fault.rstrip(".")
    else:
        server = f" from {reached.server}" if reached.server else ""
        word = f" ({reached.word})" if reached.word else ""
        what = f"the answer{server} has status {reached.status}{word}"
    return {"url": settings.public_base_url, "what": what}


def proxy_findings(settings: Settings, echo: Echo | None) -> Iterator[Finding]:
    """Say what was done to a request on its way."""
    if echo is None:
        yield Finding("proxies", "not_tried", "No request arrived, so nothing is known about proxies.")
        return
    found = list(_changed(echo)) + list(_misread(settings, echo))
    if not found:
        yield Finding(
            "proxies",
            "ok",
            "Headers and body arrive byte for byte, and callers are told apart (seen: %(address)s).",
            values={"address": echo.address},
        )
    yield from found


def _changed(echo: Echo) -> Iterator[Finding]:
    if names := changed_headers(echo):
        yield Finding(
            "proxies",
            "wrong",
            "A proxy drops or changes headers that platforms sign with: %(names)s.",
            'Have the proxy pass all request headers on (in nginx look for `proxy_set_header … ""` and `proxy_pass_request_headers off`; '
            "in a firewall switch header filters off for this host).",
            {"names": ", ".join(names)},
        )
    if is_body_changed(echo):
        yield Finding(
            "proxies",
            "wrong",
            "A proxy changes bodies: %(sent)s bytes were sent, %(length)s arrived, and they differ; no signature can be right then.",
            "Switch off whatever rewrites bodies for %(path)s: a web application firewall, JSON tidying, compression, a change of character set.",
            {"sent": len(BODY), "length": echo.length, "path": BESIDE_CALLBACKS.rpartition("/")[0] + "/"},
        )


def _misread(settings: Settings, echo: Echo) -> Iterator[Finding]:
    """Judge who the gateway takes for the caller. The probe brought one address of its own along."""
    proxies = echo.hops - 1 if echo.is_pretended_kept else echo.hops
    values = {
        "trusted": settings.trusted_proxies,
        "proxies": proxies,
        "address": echo.address,
        "pretended": PRETENDED,
    }
    if echo.address == PRETENDED:
        yield Finding(
            "proxies",
            "wrong",
            "A caller chooses the address that rules and limits see (%(pretended)s was believed): TRUSTED_PROXIES is %(trusted)s.",
            "Set TRUSTED_PROXIES to the number of proxies in front that write X-Forwarded-For (here %(proxies)s), and have them drop headers with an underscore.",
            values,
        )
    elif proxies > 0 and settings.trusted_proxies != proxies:
        yield Finding(
            "proxies",
            "wrong",
            "Proxies in front that write X-Forwarded-For: %(proxies)s. TRUSTED_PROXIES is %(trusted)s, so every caller looks like %(address)s.",
            "Set TRUSTED_PROXIES=%(proxies)s, so that allow-lists, limits and bans see the real caller.",
            values,
        )
    if settings.is_https and not echo.is_secure:
        yield Finding(
            "proxies",
            "wrong" if settings.https_is_forced else "warn",
            "The public address is https, but requests arrive as plain http: with FORCE_HTTPS they are refused.",
            "Have the proxy write `X-Forwarded-Proto` (nginx: `proxy_set_header X-Forwarded-Proto $scheme;`) and set TRUSTED_PROXIES to the number of proxies.",
            values,
        )
