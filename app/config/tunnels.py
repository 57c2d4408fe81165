"""Names of hosts that tunnels give out: good for a developer's machine, refused as the public address in prod.

A tunnel's name may change with each start, belongs to somebody else, and whoever runs the tunnel reads every callback.
Sources, read 2026-11-29: ngrok.com/blog/free-static-domains-ngrok-users and ngrok.com/docs/domains (ngrok-free.dev, ngrok.app; the older
ones as the list "ngrok" of v2fly's domain lists has them, with pinggy's); localtunnel issues #340 and #500 (loca.lt, localtunnel.me);
cloudflared's own tests (trycloudflare.com). The others as many public repositories show them in use, unconfirmed at their makers:
cpolar, natapp, 花生壳 (vicp.fun …), localhost.run, serveo, VS Code's and Tailscale's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

TUNNEL_HOSTS: tuple[tuple[str, str], ...] = (
    ("ngrok", "ngrok.io"),
    ("ngrok", "ngrok.app"),
    ("ngrok", "ngrok.dev"),
    ("ngrok", "ngrok.pro"),
    ("ngrok", "ngrok.pizza"),
    ("ngrok", "ngrok-free.app"),
    ("ngrok", "ngrok-free.dev"),
    ("ngrok", "ngrok-free.pizza"),
    ("cloudflared", "trycloudflare.com"),
    ("localtunnel", "loca.lt"),
    ("localtunnel", "localtunnel.me"),
    ("localhost.run", "lhr.life"),
    ("localhost.run", "localhost.run"),
    ("serveo", "serveo.net"),
    ("pinggy", "pinggy.io"),
    ("pinggy", "pinggy.link"),
    ("pinggy", "pinggy.net"),
    ("dev tunnels", "devtunnels.ms"),
    ("Tailscale Funnel", "ts.net"),
    ("cpolar", "cpolar.top"),
    ("cpolar", "cpolar.cn"),
    ("cpolar", "cpolar.io"),
    ("natapp", "natappfree.cc"),
    ("natapp", "natapp1.cc"),
    ("natapp", "natapp4.cc"),
    ("花生壳", "vicp.fun"),
    ("花生壳", "vicp.net"),
    ("花生壳", "vicp.cc"),
    ("花生壳", "goho.co"),
)
"""Who gives a host out, and what its name ends with."""


def tunnel_of(address: str) -> str | None:
    """Return which tunnel gives out the host of an address, None when none that is known."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    return next((who for who, name in TUNNEL_HOSTS if host == name or host.endswith(f".{name}")), None)
