"""The signature of GitHub's webhooks: docs.github.com, "Validating webhook deliveries" (read 2026-11-20).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlencode


def headers_of(secret: str, event: str, delivery: str, body: bytes) -> dict[str, str]:
    """Signs the body twice, as GitHub still does, and names the event."""
    key = secret.encode()
    return {
        "User-Agent": "GitHub-Hookshot/5a4d3b2",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Hook-ID": "292430182",
        "X-GitHub-Hook-Installation-Target-ID": "79929171",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-Hub-Signature": "sha1=" + hmac.digest(key, body, "sha1").hex(),
        "X-Hub-Signature-256": "sha256=" + hmac.digest(key, body, "sha256").hex(),
    }


def form_of(content: bytes) -> bytes:
    """Puts JSON into the form that hooks of content type `form` send."""
    return urlencode({"payload": content.decode()}).encode()
