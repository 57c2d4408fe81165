"""What the simulated PayPal sends: every webhook in the list of names, each with the fields that are always there.

Shape: developer.paypal.com/docs/api/webhooks/v1/#definition-event (read 2026-11-28). The option `webhook_id` signs for another webhook.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.platforms.paypal.event_names import named
from sandbox.platforms.paypal.signer import certificate_url, headers_of
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _webhook(kind: str, resource: str, title: Words) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        identifier = f"WH-{secrets.token_hex(9).upper()}-{secrets.token_hex(9).upper()}"
        return {
            "id": identifier,
            "event_version": "1.0",
            "create_time": _time(moment.now),
            "resource_type": resource,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": title.english,
            "resource": {
                "id": secrets.token_hex(8).upper() + "X",
                "status": kind.rpartition(".")[2],
                "amount": {"currency_code": "EUR", "value": "9.90"},
            },
            "links": [
                {
                    "href": f"https://api.paypal.com/v1/notifications/webhooks-events/{identifier}",
                    "rel": "self",
                    "method": "GET",
                }
            ],
        }

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(
        body,
        webhook_id=str(order.options.get("webhook_id") or state.settings["PAYPAL_WEBHOOK_ID"]),
        identifier=str(uuid.uuid4()),
        time=_time(state.now()),
        certificate_url=certificate_url(f"{state.settings.sandbox_url}/paypal"),
    )
    headers |= {"Content-Type": "application/json", "User-Agent": "PayPal/AUHD-214.0-58843428"}
    return Outgoing("POST", path, headers, body, str(fields["id"]))


CALLBACKS = Callbacks(
    samples=tuple(Sample(kind, title, _webhook(kind, resource, title)) for kind, resource, title in named()),
    sign=_sign,
)
