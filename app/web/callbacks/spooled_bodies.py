"""Bodies of relayed calls: in memory as long as they are small, else in a file that has no name, so that a call can be repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from werkzeug.wsgi import get_content_length

from app.core.errors import RefusedError
from app.pipeline.relay.call import CallBody
from app.web.callbacks.reading import CHUNK_BYTES, Environ, cut_short, too_large

MOST_BYTES = 20 * 1_048_576
IN_MEMORY_BYTES = 262_144
BODY_SECONDS = 60.0
"""A body has this long in all, however it trickles."""

SPOOLED = "callgate.spooled"
"""Where the environment holds a body that was read on the event loop."""


class SpooledBody:
    """A body while it is read and used; a context manager that drops it."""

    def __init__(self) -> None:
        self._file: Any = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by __exit__
        self.length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop it."""
        self._file.close()

    async def write(self, part: bytes) -> None:
        """Add a part that fits into memory."""
        self.add(part)

    async def write_by(self, run: Callable[[Callable[[], Any]], Awaitable[Any]], part: bytes) -> None:
        """Add a part; in a thread as soon as it goes to the disk."""
        if self.length + len(part) <= IN_MEMORY_BYTES:
            self.add(part)
        else:
            await run(partial(self.add, part))

    def add(self, part: bytes) -> None:
        """Add a part."""
        self._file.write(part)
        self.length += len(part)

    def put_into(self, environ: dict[str, Any]) -> None:
        """Make it the body of a request."""
        self._file.seek(0)
        environ["wsgi.input"], environ[SPOOLED] = self._file, self
        environ["CONTENT_LENGTH"] = str(self.length)

    def whole(self) -> bytes:
        """Return all of it."""
        self._file.seek(0)
        return bytes(self._file.read())

    @property
    def as_body(self) -> CallBody | None:
        """The body as a call has it, None for an empty one."""
        return CallBody(self._file, self.length) if self.length else None


def read_spooled(environ: Environ, *, most: int | None = None) -> SpooledBody:
    """Return the body of a request, read already or read now; raises RefusedError for one that is too large or cut short."""
    found = environ.get(SPOOLED)
    if isinstance(found, SpooledBody):
        return found
    length = get_content_length(environ)  # type: ignore[arg-type]
    spool = SpooledBody()
    if length is None and not environ.get("wsgi.input_terminated"):
        return spool
    try:
        most = MOST_BYTES if most is None else most
        _read_into(spool, environ["wsgi.input"], most + 1 if length is None else length, most)
        if length is not None and spool.length < length:
            raise cut_short()
    except RefusedError:
        spool.close()
        raise
    return spool


def _read_into(spool: SpooledBody, stream: Any, wanted: int, most: int) -> None:
    if wanted > most + 1:
        raise too_large(most)
    while spool.length < wanted and (part := stream.read(min(CHUNK_BYTES, wanted - spool.length))):
        spool.add(part)
    if spool.length > most:
        raise too_large(most)
