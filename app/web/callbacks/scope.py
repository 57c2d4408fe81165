"""From a request as the event loop's server tells it (RSGI) to the WSGI environment that everything here reads.

The environment is the one this server makes for WSGI applications, so that address rules, https rules and proxies mean
the same in both, but that a header with `_` in its name never stands for one with `-`. One thing it cannot give: a repeated header of which one value is not ASCII arrives without that value.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, Protocol

CONTENT = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Headers(Protocol):
    """Headers as the server holds them, names in small letters; values that are not ASCII are left out of `items`."""

    def items(self) -> Sequence[tuple[str, str]]:
        """Return every value with its name."""

    def keys(self) -> Sequence[str]:
        """Return every name once."""

    def __len__(self) -> int:
        """Return how many names there are."""


class Scope(Protocol):
    """A request's head."""

    http_version: str
    method: str
    path: str
    query_string: str
    scheme: str
    server: str
    client: str
    authority: str | None
    headers: Headers


def environ_of(scope: Scope) -> dict[str, Any]:
    """Return what reading a callback needs of the environment; for_application adds the rest."""
    environ = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _wsgi_text(scope.path),
        "QUERY_STRING": _wsgi_text(scope.query_string),
        "REMOTE_ADDR": _host(scope.client),
        "wsgi.url_scheme": scope.scheme,
    }
    values = _joined(scope.headers)
    for name, value in values.items():
        # A name with `_` may not speak for the one with `-`, which a proxy wrote: both have one place in an environment.
        if "_" not in name or name.replace("_", "-") not in values:
            environ[_key(name)] = value
    if "host" not in values:
        environ["HTTP_HOST"] = scope.authority or ""
    if "transfer-encoding" in values:
        environ.pop("CONTENT_LENGTH", None)
    return environ


def for_application(environ: dict[str, Any], scope: Scope, body: bytes) -> dict[str, Any]:
    """Complete an environment for a WSGI application that reads the body from memory."""
    environ |= {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SCRIPT_NAME": "",
        "SERVER_NAME": _host(scope.server),
        "SERVER_PORT": scope.server.rpartition(":")[2],
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_SOFTWARE": "Granian",
        "wsgi.errors": sys.stderr,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    return environ


def _joined(headers: Headers) -> dict[str, str]:
    """Return one value for each name: repeated ones joined, of a repeated content header the first."""
    values: dict[str, str] = {}
    for name, value in headers.items():
        if name not in values:
            values[name] = value
        elif name not in CONTENT:
            values[name] += (";" if name == "cookie" else ",") + value
    if len(values) < len(headers):
        for name in headers.keys():  # noqa: SIM118 - not a mapping
            values.setdefault(name, "")
    return values


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    return CONTENT.get(name) or "HTTP_" + name.replace("-", "_").upper()


def _wsgi_text(text: str) -> str:
    """Return text as WSGI wants it: a letter for each byte."""
    return text if text.isascii() else text.encode().decode("latin-1")


def _host(address: str) -> str:
    """Return the host of host:port, an IPv6 address without its brackets and zone."""
    return address.rpartition(":")[0].strip("[]").partition("%")[0]
