"""The proof of Gitee's webhooks: help.gitee.com, "WebHook 密钥验证和验证算法" (read 2026-11-28).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from urllib.parse import quote


def signature(secret: str, timestamp: int | str) -> str:
    """Signs a time in milliseconds, and nothing else."""
    message = f"{timestamp}\n{secret}".encode()
    return b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()


def escaped(sign: str) -> str:
    """Writes a signature as the page says, although real deliveries have it plain."""
    return quote(sign, safe="")


def headers_of(event: str, token: str, timestamp: int | str, *, ping: bool = False) -> dict[str, str]:
    """Names the event and the time, and carries password or signature."""
    return {
        "User-Agent": "git-oschina-hook",
        "X-Gitee-Token": token,
        "X-Gitee-Timestamp": str(timestamp),
        "X-Gitee-Ping": "true" if ping else "false",
        "X-Gitee-Event": event,
        "X-Git-Oschina-Event": event,
    }
