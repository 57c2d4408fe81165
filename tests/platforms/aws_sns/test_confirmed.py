"""A subscription of SNS is confirmed by an operator, once proven, at an address of SNS, and audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from app import platforms
from app.cli.events import events_group
from app.config.channels import ChannelConfig
from app.core.errors import RefusedError, UpstreamError
from app.core.ports import HttpAnswer
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.confirmation import confirm_event
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from app.storage.audit import audit_entries
from tests.builders import FrozenClock, exchange
from tests.platforms.aws_sns.posting import (
    ADDRESS,
    CONFIRMATION,
    NOTIFICATION,
    PEM,
    SETTINGS,
    SNS,
    message,
    post,
)
from tests.platforms.deliveries import NOW

Make = Callable[..., Services]


class AnsweringSns:
    """Says one thing to everything and remembers what was asked."""

    def __init__(self, status: int = 200):
        self.status = status
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: Any) -> HttpAnswer:
        self.asked.append(f"{method} {url}")
        return HttpAnswer(self.status, {}, b"", dict)


def stored(make: Make, fields: dict[str, Any], http: AnsweringSns, **changes: Any) -> tuple[Services, str]:
    services = make(channels="", clock=FrozenClock(NOW))
    options = SETTINGS | {"certificates": {ADDRESS: PEM}} | changes
    opened, _ = open_channels(
        [ChannelConfig(name="sns", platform="aws-sns", options=options)], platforms.discover()
    )
    object.__setattr__(opened.get("sns"), "http", http)
    exchange(services, channels=opened)
    assert receive(services, "sns", post(message(fields)), trace_id="").status == 200
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    return services, item["id"]


def audited(services: Services) -> list[tuple[str, str, str]]:
    with services.database.read() as tx:
        rows = tx.execute(audit_entries.select()).all()
    return [(row.actor, row.action, row.outcome) for row in rows]


def test_nothing_is_called_until_an_operator_confirms(services_with: Make) -> None:
    http = AnsweringSns()
    services, event_id = stored(services_with, CONFIRMATION, http)
    assert http.asked == []
    assert confirm_event(services, event_id, actor="terminal") == 200
    (asked,) = http.asked
    assert asked.startswith(f"GET {SNS}/?Action=ConfirmSubscription&")
    assert audited(services) == [("terminal", "event.confirmed", "done")]


def test_a_refusal_of_sns_is_told_and_audited(services_with: Make) -> None:
    services, event_id = stored(services_with, CONFIRMATION, AnsweringSns(400))
    with pytest.raises(UpstreamError, match="400"):
        confirm_event(services, event_id, actor="terminal")
    assert audited(services) == [("terminal", "event.confirmed", "upstream_client_rejected")]


def test_what_asks_for_nothing_is_not_confirmed(services_with: Make) -> None:
    http = AnsweringSns()
    services, event_id = stored(services_with, NOTIFICATION, http)
    with pytest.raises(RefusedError) as caught:
        confirm_event(services, event_id, actor="terminal")
    assert (caught.value.code, http.asked) == ("nothing_to_confirm", [])


def test_what_is_not_proven_any_more_is_not_confirmed(services_with: Make) -> None:
    http = AnsweringSns()
    services, event_id = stored(services_with, CONFIRMATION, http)
    other = ChannelConfig(
        name="sns",
        platform="aws-sns",
        options={"topic_arns": "arn:aws:sns:us-east-1:123456789012:other", "certificates": {ADDRESS: PEM}},
    )
    exchange(services, channels=open_channels([other], platforms.discover())[0])
    with pytest.raises(RefusedError) as caught:
        confirm_event(services, event_id, actor="terminal")
    assert (caught.value.code, http.asked) == ("not_proven", [])


def test_the_terminal_confirms(services_with: Make) -> None:
    services, event_id = stored(services_with, CONFIRMATION, AnsweringSns())
    done = CliRunner().invoke(events_group(services), ["confirm", event_id])
    assert (done.exit_code, "is confirmed" in done.output) == (0, True)
    none = CliRunner().invoke(events_group(services), ["confirm", "evt_none"])
    assert none.exit_code == 1
