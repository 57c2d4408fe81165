"""Host names that stand for the relay of one channel (`relay_host`), for SDKs that take a host and no path as their address.

A host chooses which channel's relay is meant, and nothing else: whose call it is must be proven all the same.
"""

from __future__ import annotations

from typing import Any

from app.pipeline.channels import Channels

LED = "callgate.relay_host"
"""Set in an environment that was led: it passes two doors, the loop's and the one of any WSGI server."""


class RelayHosts:
    """The names of the configured channels."""

    def __init__(self, channels: Channels):
        self._starts = {
            channel.config.relay_host: f"/relay/{channel.name}"
            for channel in channels
            if channel.config.relay_host
        }

    def lead(self, environ: dict[str, Any]) -> None:
        """Let a request to one of these hosts mean the relay; with no such host this looks at nothing."""
        if not self._starts or environ.get(LED):
            return
        start = self._starts.get(str(environ.get("HTTP_HOST", "")).lower())
        if start is not None:
            environ[LED] = True
            environ["PATH_INFO"] = start + str(environ["PATH_INFO"])
