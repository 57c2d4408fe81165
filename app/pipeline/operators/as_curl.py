"""An event as a command for `curl`: what came, sent once more to the address it came to. Credentials are left out.

Without them the gateway refuses it as a forgery, which is right; who wants it to run again replays it.
"""

from __future__ import annotations

import base64
import shlex
from typing import Any

from app.core.errors import RefusedError
from app.core.storable import is_storable
from app.core.values import Event
from app.pipeline.channels import channel_path
from app.pipeline.evidence import PATH, without_credentials
from app.pipeline.services import Services
from app.security.redaction import MASK, mask_values, redact_headers, redact_query
from app.storage.inbox.events import event_from_row, find_event_row

LEFT_OUT = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding"})
"""What curl says by itself, or what belongs to the connection the event came by."""

ID_LENGTH = 32


def curl_of_event(services: Services, event_id: str) -> dict[str, Any]:
    """Return the command, and which headers were left out because they hold credentials, and `path` where the end of the address does; raises RefusedError 404, 409."""
    with services.database.read() as tx:
        row = find_event_row(tx, event_id) if is_storable(event_id, ID_LENGTH) else None
    if row is None:
        raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
    if row.body is None:
        raise RefusedError("body_pruned", "Retention has emptied this event.", http_status=409)
    channel = services.channels.get(row.channel)
    event = without_credentials(channel, event_from_row(row))
    secrets = channel.secrets if channel is not None else frozenset()
    headers = redact_headers(mask_values(event.headers, secrets))
    shown = [(name, value) for name, value in headers if name.lower() not in LEFT_OUT]
    kept = [(name, value) for name, value in shown if MASK not in value]
    return {
        "id": event.id,
        "curl": _command(services.settings.public_base_url, event, kept),
        "left_out": sorted({name for name, value in shown if MASK in value} | ({PATH} & set(event.masked))),
    }


def _command(base: str, event: Event, headers: list[tuple[str, str]]) -> str:
    query = redact_query(event.query_string.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    path = (channel_path(event.channel) + event.path_rest).encode("utf-8", "surrogateescape")
    address = base + path.decode("utf-8", "replace") + (f"?{query}" if query else "")
    lines = [f"curl -X POST {shlex.quote(address)}"]
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers]
    return " \\\n".join(_with_body(event.raw, lines))


def _with_body(body: bytes, lines: list[str]) -> list[str]:
    """Add the body: as text where it is one, else by way of base64, which every shell carries."""
    try:
        text = body.decode()
        is_text = all(letter.isprintable() or letter in "\n\t" for letter in text)
    except UnicodeDecodeError:
        text, is_text = "", False
    if is_text and not text.startswith("@"):
        return [*lines, f"  --data-binary {shlex.quote(text)}"]
    first, *rest = lines
    encoded = base64.b64encode(body).decode()
    return [f"printf %s {shlex.quote(encoded)} | base64 -d | {first}", *rest, "  --data-binary @-"]
