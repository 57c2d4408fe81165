"""A nonce stays used whatever the clock does; what may come again comes again for the same body only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import CallgateError, VerificationError
from app.core.values import InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.inbox.nonces import delete_expired_nonces, use_nonce
from tests.builders import CALLBACK_SECRET, NOW, FrozenClock, envelope
from tests.platforms.callback.signing import stamped
from tests.platforms.wechat.account import inbound
from tests.platforms.wechat.signing import WechatSigner, xml_message

MakeServices = Callable[..., Services]
STAMPED = f"""
[channels.callback]
platform = "callback"
secret = "{CALLBACK_SECRET}"
scheme = "timestamp-nonce"
unknown_events = "store"
"""
PLAIN = """
[channels.wechat]
platform = "wechat"
app_id = "wx1234567890abcdef"
token = "gatewayToken01"
mode = "plain"
"""
SECONDS = int(NOW.timestamp())


def send(
    services: Services, clock: FrozenClock, *, signed_at: int = SECONDS, nonce: str = "nonce-0123456789"
) -> int:
    body = str(envelope(nonce)).replace("'", '"').encode()
    request = stamped(body, str(signed_at), nonce, CALLBACK_SECRET)._replace(received_at=clock.now())
    return receive(services, "callback", request, trace_id="").status


def forget(services: Services, clock: FrozenClock) -> int:
    return services.database.run(lambda tx: delete_expired_nonces(tx, clock.now(), limit=100))


def test_a_nonce_stays_used_when_a_clock_that_ran_ahead_is_set_back(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(channels=STAMPED)
    assert send(services, clock) == 200
    clock.advance(hours=1)
    assert forget(services, clock) == 1
    clock.advance(hours=-1)
    with pytest.raises(VerificationError) as caught:
        send(services, clock)
    assert caught.value.reason == "nonce_reused"
    clock.advance(seconds=2)
    assert send(services, clock, signed_at=SECONDS + 1, nonce="nonce-of-the-next") == 200


def test_a_nonce_stays_used_when_the_clock_is_set_back_much_later(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(channels=STAMPED)
    assert send(services, clock) == 200
    for _ in range(3):
        clock.advance(minutes=10)
        assert (
            send(services, clock, signed_at=int(clock.now().timestamp()), nonce=f"nonce-{clock.now():%H%M}")
            == 200
        )
        forget(services, clock)
    clock.advance(minutes=-30)
    with pytest.raises(VerificationError):
        send(services, clock)


def test_requests_pass_while_old_nonces_are_forgotten_as_always(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(channels=STAMPED)
    for minute in range(20):
        now = int(clock.now().timestamp())
        for late in (0, 299, -299):
            assert send(services, clock, signed_at=now - late, nonce=f"nonce-{minute}-{late}") == 200
        clock.advance(minutes=1)
        forget(services, clock)


def test_a_bound_nonce_may_come_again_for_the_same_only(database: Database) -> None:
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n", NOW, bound_to="x")
        assert use_nonce(tx, "a", "n", NOW, bound_to="x")
        assert not use_nonce(tx, "a", "n", NOW, bound_to="y")
        assert not use_nonce(tx, "a", "n", NOW)
        assert use_nonce(tx, "a", "plain", NOW)
        assert not use_nonce(tx, "a", "plain", NOW, bound_to="x")


def test_what_was_forgotten_in_one_channel_says_nothing_about_another(database: Database) -> None:
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n", NOW)
        assert delete_expired_nonces(tx, NOW + timedelta(seconds=1), limit=9) == 1
        assert not use_nonce(tx, "a", "m", NOW)
        assert use_nonce(tx, "a", "m", NOW + timedelta(seconds=1))
        assert use_nonce(tx, "b", "n", NOW)


def plain(**fields: str) -> InboundRequest:
    signer = WechatSigner(timestamp=str(SECONDS), nonce="486452656")
    return inbound(signer.plain_query(), xml_message(**fields))._replace(received_at=NOW)


def take(services: Services, request: InboundRequest) -> Any:
    return receive(services, "wechat", request, trace_id="")


def test_the_same_plain_message_again_is_a_duplicate_answered_success(services_with: MakeServices) -> None:
    services = services_with(channels=PLAIN)
    for _ in range(3):
        reply = take(services, plain())
        assert (reply.status, reply.body) == (200, b"success")
    [event] = list_events_page(services, {}, cursor=None, limit=10)["items"]
    assert event["duplicates"] == 2


def test_another_body_under_a_signature_that_was_seen_is_refused(services_with: MakeServices) -> None:
    services = services_with(channels=PLAIN)
    take(services, plain())
    with pytest.raises(CallgateError) as caught:
        take(services, plain(Content="forged", MsgId="77"))
    assert (caught.value.code, caught.value.http_status) == ("nonce_reused", 401)
    assert len(list_events_page(services, {}, cursor=None, limit=10)["items"]) == 1
    [rejection] = list_rejections_page(services, None, cursor=None, limit=10)["items"]
    assert "another body" in rejection["reason"]


def test_each_message_with_a_signature_of_its_own_is_taken(services_with: MakeServices) -> None:
    services = services_with(channels=PLAIN)
    for number in range(3):
        signer = WechatSigner(timestamp=str(SECONDS), nonce=f"48645265{number}")
        request = inbound(signer.plain_query(), xml_message(MsgId=str(number)))._replace(received_at=NOW)
        assert take(services, request).body == b"success"
    assert len(list_events_page(services, {}, cursor=None, limit=10)["items"]) == 3
