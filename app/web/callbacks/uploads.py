"""Bodies of files for messages, read on the event loop: into a file, once their caller is proven, and a few at a time.

What is judged and handed on is in app/web/api/media.py; a small body needs none of this and goes the way of pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from app.core.errors import CallgateError
from app.pipeline.api_tokens import find_caller
from app.pipeline.services import Services
from app.web.callbacks.bodies import BodyReader
from app.web.callbacks.reading import Environ, bearer_of
from app.web.callbacks.spooled_bodies import BODY_SECONDS, SpooledBody

START = "/api/v1/media/"
MOST_BODY = 21 * 1_048_576
"""The largest file and what a form puts around it."""

MOST_AT_ONCE = 2
"""A file is in memory while it is handed on, twice for a moment."""

WAIT_SECONDS = 5.0


def is_upload(environ: Environ) -> bool:
    """Say whether a request brings a file."""
    return environ["REQUEST_METHOD"] == "POST" and str(environ["PATH_INFO"]).startswith(START)


class UploadPlaces:
    """How many files may be on their way at once in this process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place; raises CallgateError 503 when none is free in time."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            sentence = "Too many files are being uploaded at this moment; send this one again."
            raise CallgateError("too_busy", sentence, http_status=503, retry_after=5) from None
        try:
            yield
        finally:
            self._places.release()


async def read_upload(
    services: Services,
    reader: BodyReader,
    environ: Environ,
    spool: SpooledBody,
    run: Callable[[Callable[[], Any]], Awaitable[Any]],
) -> None:
    """Read a file's body once its caller is proven; that of anybody else stays unread, and the route refuses it."""
    if await run(partial(_may_send, services, environ)):
        await reader.pass_on(MOST_BODY, seconds=BODY_SECONDS, to=partial(spool.write_by, run))


def _may_send(services: Services, environ: Environ) -> bool:
    caller = find_caller(services, bearer_of(environ.get("HTTP_AUTHORIZATION")))
    try:
        if caller is not None:
            caller.require("send")
    except CallgateError:
        return False
    return caller is not None
