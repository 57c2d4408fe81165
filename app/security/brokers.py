"""Asks a broker whether it can be reached and takes the password. Nothing is sent, and nothing is kept open."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

SECONDS = 3
DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671}


def broker_fault(url: str) -> str | None:
    """Return why a broker cannot be used, None when it can; no sentence holds the address, which has a password in it."""
    is_redis = url.startswith(("redis://", "rediss://"))
    package = "redis" if is_redis else "amqp"
    if find_spec(package) is None:
        return f"the package {package} is not installed (requirements-scale.txt)"
    try:
        (_ask_redis if is_redis else _ask_amqp)(url)
    except Exception as error:  # noqa: BLE001 - whatever the packages raise, the answer is the same
        return _words(error)
    return None


def _ask_redis(url: str) -> None:
    import redis

    client = redis.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
    with contextlib.closing(client):
        client.ping()


def _ask_amqp(url: str) -> None:
    import amqp

    parts = urlsplit(url)
    connection = amqp.Connection(
        host=f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtual_host=unquote(parts.path.removeprefix("/")) or "/",
        ssl=parts.scheme == "amqps",
        connect_timeout=SECONDS,
        read_timeout=SECONDS,
        write_timeout=SECONDS,
    )
    with contextlib.closing(connection):
        connection.connect()


def _words(error: Exception) -> str:
    """Say what happened without the address; the packages' own texts may hold it."""
    name = error.__class__.__name__
    if name in ("AccessRefused", "AuthenticationError", "InvalidUsernameOrPassword", "NotAllowed"):
        return "it does not take the user, the password or the virtual host"
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error):
        return "it refuses the connection"
    if isinstance(error, TimeoutError) or "imeout" in name or "imed out" in str(error):
        return f"it does not answer within {SECONDS} seconds"
    return name
