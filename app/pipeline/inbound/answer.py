"""The answer to a stored delivery: inline handlers run before it, copies repeat it, the platform words it.

Handlers are a user's code, and a copy may wait for its first one, so this runs in a thread wherever a route is inline.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.core.values import Outcome, Reply, Situation
from app.pipeline.inbound.accept import Arrival
from app.pipeline.inbound.inline import InlineAnswer, answer_of_stored, run_inline
from app.pipeline.inbound.prepare import NOTHING, Prepared, Proven
from app.pipeline.inbound.telling import ACCEPTED, DUPLICATE, Answered, Happened
from app.pipeline.services import Services
from app.storage.queue.acceptance import Accepted


def answer(services: Services, prepared: Prepared, stored: Sequence[Accepted]) -> Answered:
    """Answer what is committed; without inline routes this is quick."""
    proven, arrivals = prepared.proven, prepared.ready.arrivals
    said = _answer(services, proven, arrivals, stored)
    reply = _acknowledge(services, proven, stored[0].event_id if stored else None, said)
    events = [
        Happened(accepted.event_id, arrival.event.type, accepted.is_new, bool(arrival.routes))
        for arrival, accepted in zip(arrivals, stored, strict=True)
    ]
    is_new = not events or any(event.is_new for event in events)
    return Answered(reply, ACCEPTED if is_new else DUPLICATE, events)


def _answer(
    services: Services, proven: Proven, arrivals: Sequence[Arrival], stored: Sequence[Accepted]
) -> InlineAnswer:
    """Run the inline handlers of each event in turn, within the time that the platform waits for all of them."""
    within = proven.source.answer_within
    if len(arrivals) == 1:
        return _answer_one(services, arrivals[0], stored[0], within)
    started = time.monotonic()
    answers = []
    for arrival, accepted in zip(arrivals, stored, strict=True):
        left = None if within is None else max(0.0, within - (time.monotonic() - started))
        answers.append(_answer_one(services, arrival, accepted, left))
    return _together(answers)


def _answer_one(
    services: Services, arrival: Arrival, accepted: Accepted, within: float | None
) -> InlineAnswer:
    """Run the inline handlers of a new event; a copy gets what the first one came to."""
    inline = [route for route in arrival.routes if route.inline]
    if not inline:
        return InlineAnswer(Situation.ACCEPTED if accepted.is_new else Situation.ALREADY_PROCESSED)
    if accepted.is_new:
        return run_inline(services, arrival.event, inline, accepted.claims, answer_within=within)
    return answer_of_stored(services, accepted.event_id, inline, answer_within=within)


def _together(answers: Sequence[InlineAnswer]) -> InlineAnswer:
    """Return one answer for several events: the worst of them, and the first result that is not None."""
    worst_first = (
        Situation.HANDLER_FAILED,
        Situation.COME_AGAIN,
        Situation.STILL_RUNNING,
        Situation.SUCCESS,
        Situation.ACCEPTED,
        Situation.ALREADY_PROCESSED,
    )
    said = {answer.situation for answer in answers}
    situation = next((each for each in worst_first if each in said), Situation.ACCEPTED)
    return InlineAnswer(situation, next((each.data for each in answers if each.data is not None), None))


def _acknowledge(services: Services, proven: Proven, event_id: str | None, answer: InlineAnswer) -> Reply:
    outcome = Outcome(
        situation=answer.situation,
        event_id=event_id,
        event=proven.parsed[0] if proven.parsed else NOTHING,
        data=answer.data,
        now=services.clock.now(),
        trace_id=proven.trace_id,
    )
    return proven.source.acknowledge(proven.request, proven.verified, outcome)
