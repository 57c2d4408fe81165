"""The way of a callback on an event loop: the same three steps as in receive.py, without a thread where none is needed.

What is quick runs on the loop, a commit is awaited, and what does I/O, takes long or runs a user's code goes to a
thread: keys found while running, limits counted on another machine, large bodies, platforms whose proofs are slow, inline
handlers, and everything until the database's clock is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.core.slow_proofs import SlowProof
from app.core.timed_spans import begin_span
from app.core.values import InboundRequest
from app.pipeline.inbound.accept import STORE, Ready, give_up, settle, told_of_stored
from app.pipeline.inbound.answer import answer
from app.pipeline.inbound.prepare import prepare
from app.pipeline.inbound.proof import proves_without_asking
from app.pipeline.inbound.receive import take
from app.pipeline.inbound.telling import Answered
from app.pipeline.services import Services
from app.storage.database.loop_commits import LoopCommits
from app.storage.database.shared_clock import SharedClock
from app.storage.queue.acceptance import Accepted, accept_many

InThread = Callable[[Callable[[], Answered]], Awaitable[Answered]]
"""Runs something in a thread and awaits what it returns."""

QUICK_BODY_BYTES = 65_536
"""A larger body may take long to read as JSON or XML, and meanwhile the loop would do nothing else."""

QUICK_XML_BYTES = 8_192
"""XML is read in Python and mostly before its proof: 64 KiB of it would hold the loop for 20 to 50 ms, and no message is that long."""

MOST_QUICK_BRACKETS = 2_000
"""Opening brackets of a body: each makes an object, and 64 KiB of nothing else would hold the loop for 10 to 30 ms."""

BEFORE_XML = b" \t\r\n\xef\xbb\xbf"
"""White space and the mark of UTF-8: readers of XML pass over them."""


class LoopReceiver:
    """Takes deliveries on one event loop."""

    def __init__(self, services: Services, commits: LoopCommits, in_thread: InThread):
        self._services = services
        self._commits = commits
        self._in_thread = in_thread

    async def take(self, channel_name: str, request: InboundRequest, *, trace_id: str) -> Answered:
        """Take one delivery; raises CallgateError for every refusal, which receive.refuse then looks after."""
        services = self._services
        if not is_quick(services, channel_name, request):
            return await self._in_thread(lambda: take(services, channel_name, request, trace_id=trace_id))
        prepared = prepare(services, channel_name, request, trace_id=trace_id)
        if isinstance(prepared, Answered):
            return prepared
        stored = await self._accept(prepared.ready)
        if prepared.ready.has_inline:
            return await self._in_thread(lambda: answer(services, prepared, stored))
        return answer(services, prepared, stored)

    async def _accept(self, ready: Ready) -> list[Accepted]:
        stored: Sequence[Accepted] = ()
        span = begin_span(STORE)
        try:
            if ready.acceptances:
                stored = await self._commits.write(accept_many, ready.acceptances)
        except BaseException:
            give_up(self._services, ready)
            raise
        if span is not None:
            span.end(told_of_stored(ready, stored))
        return settle(self._services, ready, stored)


def is_quick(services: Services, channel_name: str, request: InboundRequest) -> bool:
    """Say whether `prepare` neither waits for anybody nor takes long with this request."""
    channel = services.channels.get(channel_name)
    if channel is None:
        return True
    if isinstance(services.clock, SharedClock) and not services.clock.is_known:
        return False
    is_counted = channel.config.rate_limit is not None or channel.config.rate_limit_per_address is not None
    counts_elsewhere = is_counted and not services.rate_limits.is_quick
    slow = channel.as_capability(SlowProof)
    is_cheap = _is_short(request.body) and not (slow is not None and slow.proof_is_slow)
    return is_cheap and not counts_elsewhere and proves_without_asking(services, channel, request)


def _is_short(body: bytes) -> bool:
    is_xml = body.lstrip(BEFORE_XML)[:1] == b"<"
    if len(body) > (QUICK_XML_BYTES if is_xml else QUICK_BODY_BYTES):
        return False
    # A shorter body has no room for so many.
    return len(body) <= MOST_QUICK_BRACKETS or body.count(b"{") + body.count(b"[") <= MOST_QUICK_BRACKETS
