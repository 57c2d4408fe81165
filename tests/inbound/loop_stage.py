"""A loop for tests of its way through the pipeline: what left it for a thread is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.core.values import InboundRequest
from app.pipeline.inbound.on_loop import LoopReceiver
from app.pipeline.inbound.telling import Answered
from app.pipeline.services import Services
from app.storage.database.loop_commits import LoopCommits
from tests.loops import run_loop


class Loop:
    """Takes deliveries on a loop of its own; `left` counts what went to a thread."""

    def __init__(self, services: Services):
        self._services = services
        self.left = 0

    def take(self, *requests: InboundRequest, channel: str = "callback") -> list[Any]:
        """Take deliveries at the same time; return replies and refusals in their order."""

        async def story(receiver: LoopReceiver) -> list[Any]:
            taking = [receiver.take(channel, request, trace_id="0" * 32) for request in requests]
            taken = await asyncio.gather(*taking, return_exceptions=True)
            return [each.reply if isinstance(each, Answered) else each for each in taken]

        return list(self.run(story))

    def run(self, story: Callable[[LoopReceiver], Awaitable[Any]]) -> Any:
        """Run a story with a receiver."""

        async def run() -> Any:
            commits = LoopCommits(self._services.accepts)
            commits.start(asyncio.get_running_loop())
            try:
                return await story(LoopReceiver(self._services, commits, self._in_thread))
            finally:
                await asyncio.to_thread(commits.stop)

        return run_loop(run())

    async def _in_thread(self, work: Callable[[], Answered]) -> Answered:
        self.left += 1
        return await asyncio.to_thread(work)


def on_loop_thread() -> bool:
    """Say whether the caller runs on an event loop's thread, and so holds it up."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
