"""What the tests of several connectors do with a callback in the same way: proof, meaning, answer, and recorded cases put through."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def received(connector: Any, request: InboundRequest) -> tuple[Verified, ParsedEvent]:
    verified = connector.verify(request, NOW)
    assert connector.challenge(request, verified) is None
    return verified, connector.parse(request, verified)


def is_owned(verified: Verified) -> bool:
    """Say whether the pipeline would find every value that must equal a setting as it must be."""
    return all(each.given in each.expected for each in verified.requirements)


def answered(
    connector: Any, request: InboundRequest, data: Any = None, situation: Situation = Situation.SUCCESS
) -> Reply:
    verified, event = received(connector, request)
    reply: Reply = connector.acknowledge(
        request, verified, Outcome(situation, "evt_1", event, data=data, now=NOW)
    )
    return reply


def refused(connector: Any, request: InboundRequest) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        connector.verify(request, NOW)
    return caught.value


def recorded_request(case: Mapping[str, Any], path: str, now: float) -> InboundRequest:
    """Return a recorded delivery, at an address of ours."""
    return InboundRequest(
        method=case["method"],
        path=path,
        query_string=case["query"],
        headers=tuple(case["headers"].items()),
        body=base64.b64decode(case["body_base64"]),
        remote_addr="203.0.113.9",
        received_at=datetime.fromtimestamp(now, UTC),
    )


def check_accepted(connector: Any, request: InboundRequest, case: Mapping[str, Any]) -> None:
    """Assert that a recorded case is ours, read and answered as its record says."""
    verified, event = received(connector, request)
    assert is_owned(verified)
    assert (event.key, event.type) == (case["event_key"], case["event_type"])
    assert case["decrypted"].items() <= event.data.items()
    reply = connector.acknowledge(request, verified, Outcome(Situation.ACCEPTED, "evt_1", event))
    assert (reply.status, reply.body.decode()) == (case["reply"]["status"], case["reply"]["body"])


def check_refused(connector: Any, request: InboundRequest) -> None:
    """Assert that a recorded forgery is refused, or is found to be somebody else's."""
    try:
        verified = connector.verify(request, NOW)
        assert connector.challenge(request, verified) is None, "a forged check was answered"
        connector.parse(request, verified)
    except (VerificationError, PayloadError):
        return
    assert not is_owned(verified)
