"""Turning away what comes new while the gateway is over a limit; who is turned away, and with which words.

What is measured, and when a limit counts as passed, is in upkeep/pressure.py. Here nothing is measured or stored, so this
costs less than taking the event would.
"""

from __future__ import annotations

from app.core.errors import UnderPressure
from app.core.ports import RefusalWording
from app.core.values import InboundRequest, Reply, json_reply
from app.pipeline.channels import Channel
from app.pipeline.pressure import refusal_under_pressure
from app.pipeline.services import Services


def turned_away(
    services: Services, channel: Channel, request: InboundRequest, *, trace_id: str
) -> Reply | None:
    """Return the answer to a proven delivery that is not taken now, in the platform's words; None where it is taken."""
    error = pressure_on(services, channel)
    if error is None:
        return None
    wording = channel.as_capability(RefusalWording)
    reply = wording.refuse(request, error) if wording is not None else None
    if reply is None:
        content = {"error": error.code, "message": error.message, "trace_id": trace_id}
        reply = json_reply(error.http_status, content)
    return reply._replace(retry_after=error.retry_after)


def pressure_on(services: Services, channel: Channel) -> UnderPressure | None:
    """Return why this channel's work is not taken now, None where it is."""
    return refusal_under_pressure(services) if channel.yields_under_pressure else None
