"""Finds a tunnel that runs on this machine by asking its own local API, and says where it leads from.

Sources: ngrok.com/docs/agent/api (base http://127.0.0.1:4040/api, `tunnels[].public_url`, `proto`, `config.addr`); cloudflared's metrics server
(`/quicktunnel` gives `hostname`; ports 20241 to 20245 unless --metrics says another); frp's client/admin_api.go and server/proxy/http.go
(`/api/status`, lists by type with `status`, `local_addr`, `remote_addr`, several names joined by commas; port 7400 and Basic in its documentation).
All read 2026-11-29. None of these programs was at hand; their stand-ins in the tests answer as these pages say.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.config.setting_kinds import http_address
from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.security.outbound import OutboundClient, origin_of

NGROK, CLOUDFLARED, FRP = "ngrok", "cloudflared", "frp"
USUAL_PLACES: tuple[tuple[str, str], ...] = (
    (NGROK, "http://127.0.0.1:4040"),
    *((CLOUDFLARED, f"http://127.0.0.1:{port}") for port in range(20_241, 20_246)),
    (FRP, "http://127.0.0.1:7400"),
)
"""Who answers where, unless somebody configured it otherwise."""

QUESTIONS = {NGROK: "/api/tunnels", CLOUDFLARED: "/quicktunnel", FRP: "/api/status"}
SECONDS = 2.0
MOST_TUNNELS = 20
GOOD, NO_PASSWORD = 200, 401


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel that runs: who made it, its public address, and where it leads to, where that is told."""

    who: str
    url: str
    target: str = ""


def find_tunnels(places: Sequence[tuple[str, str]] = USUAL_PLACES) -> list[Tunnel]:
    """Ask at each place; https addresses come first."""
    found = [tunnel for who, address in places for tunnel in _ask(who, address)]
    return sorted(found, key=lambda tunnel: not tunnel.url.startswith("https://"))[:MOST_TUNNELS]


def places_at(address: str) -> list[tuple[str, str]]:
    """Return an address as a place of each kind; raises ValueError for what is none."""
    scheme, _, rest = address.partition("://")
    http_address(f"{scheme}://{rest.rpartition('@')[2]}")
    return [(who, address.rstrip("/")) for who in QUESTIONS]


def leads_to(tunnels: Sequence[Tunnel], port: int) -> list[Tunnel]:
    """Return the tunnels that lead to a port, or do not say where they lead to."""
    return [tunnel for tunnel in tunnels if not tunnel.target or tunnel.target.endswith(f":{port}")]


def _ask(who: str, address: str) -> Iterator[Tunnel]:
    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    headers = {"Authorization": _basic(parts.username, parts.password)} if parts.username else None
    try:
        client = OutboundClient([origin_of(base)], connect_timeout=SECONDS, total_timeout=SECONDS)
        answer = client.request("GET", base + QUESTIONS[who], headers=headers)
    except (UpstreamError, ValueError):
        return
    if answer.status == GOOD:
        yield from _usable(READERS[who](_content(answer)))


def _basic(user: str, password: str | None) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password or ''}".encode()).decode()


def _content(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        return answer.json_object()
    except UpstreamError:
        return {}


def _usable(tunnels: Iterator[Tunnel]) -> Iterator[Tunnel]:
    """Leave out what is no address of a host alone."""
    for tunnel in tunnels:
        try:
            if not urlsplit(http_address(tunnel.url)).path:
                yield tunnel
        except ValueError:
            continue


def _of_ngrok(content: Mapping[str, Any]) -> Iterator[Tunnel]:
    for each in _objects(content.get("tunnels")):
        config = each.get("config")
        target = config.get("addr") if isinstance(config, Mapping) else ""
        yield Tunnel(NGROK, str(each.get("public_url", "")), str(target or ""))


def _of_cloudflared(content: Mapping[str, Any]) -> Iterator[Tunnel]:
    hostname = content.get("hostname")
    if isinstance(hostname, str) and hostname:
        yield Tunnel(CLOUDFLARED, f"https://{hostname}")


def _of_frp(content: Mapping[str, Any]) -> Iterator[Tunnel]:
    for scheme in ("https", "http"):
        for each in _objects(content.get(scheme)):
            if each.get("status") != "running":
                continue
            for name in str(each.get("remote_addr", "")).split(","):
                yield Tunnel(FRP, f"{scheme}://{name.strip()}", str(each.get("local_addr", "")))


READERS = {NGROK: _of_ngrok, CLOUDFLARED: _of_cloudflared, FRP: _of_frp}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
