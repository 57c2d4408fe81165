"""How many relayed calls are under way at once, so that a platform that hangs holds up its own channel and no other.

Asked on the event loop, before a thread is taken; nothing here reads a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from app.core.errors import CallgateError

MOST_OF_ALL = 64
MOST_OF_ONE = 24
"""Of one channel, in one process."""

WAIT_SECONDS = 5.0


class RelayPlaces:
    """The places of the configured channels; a name that is no channel's has those of all, and leaves nothing behind."""

    def __init__(self, channels: Iterable[str]):
        self._all = asyncio.Semaphore(MOST_OF_ALL)
        self._own = {name: asyncio.Semaphore(MOST_OF_ONE) for name in channels}

    @asynccontextmanager
    async def of(self, channel: str) -> AsyncIterator[None]:
        """Hold a place of a channel; raises CallgateError 503 when none is free within WAIT_SECONDS."""
        own = self._own.get(channel, self._all)
        held: list[asyncio.Semaphore] = []
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    for places in dict.fromkeys((own, self._all)):
                        await places.acquire()
                        held.append(places)
            except TimeoutError:
                sentence = "Too many calls of this channel wait for the platform; send the call again later."
                raise CallgateError("too_busy", sentence, http_status=503, retry_after=5) from None
            yield
        finally:
            for places in held:
                places.release()
