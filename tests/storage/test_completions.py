"""Successes written together: a late one is told apart, and its neighbours are written all the same."""

from __future__ import annotations

from collections.abc import Callable

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.queue.completions import Success, succeed_many
from tests.builders import envelope, signed_callback


def test_a_late_success_is_told_apart_from_its_neighbours(services_with: Callable[..., Services]) -> None:
    router = Router()
    router.on("callback", name="handler")(lambda event, context: None)
    services = services_with(router=router)
    for key in ("evt_1", "evt_2"):
        receive(services, "callback", signed_callback(envelope(key)), trace_id="")
    good, taken_over = claim_work(services, limit=5)
    late = taken_over._replace(attempt=taken_over.attempt + 1)
    now = services.clock.now()
    held = services.database.run(
        lambda tx: succeed_many(tx, [Success(late, now, None), Success(good, now, None)])
    )
    assert held == [False, True]
