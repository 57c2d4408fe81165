"""Reading a request's body on the event loop: as large as allowed, within one time limit, and never more at once than fits.

A sender that is slow costs a connection and nothing else: no thread waits for it, and after ten seconds it is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from app.core.errors import CallgateError, RefusedError
from app.web.callbacks.reading import Environ, cut_short, too_large

BODY_SECONDS = 10.0
"""A body has this long in all, however it trickles."""

DRAIN_SECONDS = 5.0
DRAIN_BYTES = 16 * 1_048_576
"""What a sender may still send after its refusal went out. Closed at once, it would be cut off before it reads that."""

SMALL_BODY_BYTES = 16_384
PART_BYTES = 262_144
"""So much of a body that is handed on is held at once."""

MOST_HELD_BYTES = 128 * 1_048_576
"""What all larger bodies together may hold in memory."""


class Body(Protocol):
    """The server's side of a request: awaited it gives the whole body, iterated its pieces."""

    async def __call__(self) -> bytes:
        """Return the whole body; raises RuntimeError when it ends before its end."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the pieces."""


class Room:
    """The memory that larger bodies share, in bytes."""

    def __init__(self, size: int = MOST_HELD_BYTES):
        self._free = size

    def take(self, size: int) -> None:
        """Take room; raises CallgateError 503 when there is none."""
        if size > self._free:
            sentence = "Too many large bodies are being read at this moment; send the request again."
            raise CallgateError("too_busy", sentence, http_status=503, retry_after=5)
        self._free -= size

    def give_back(self, size: int) -> None:
        """Give room back."""
        self._free += size


class BodyReader:
    """Reads the body of one request; `is_whole` once there is nothing more to read."""

    __slots__ = ("_body", "_declared", "_expects_continue", "_held", "_pieces", "_room", "is_whole")

    def __init__(self, body: Body, environ: Environ, room: Room):
        self._body = body
        self._room = room
        self._held = 0
        self._pieces: AsyncIterator[bytes] | None = None
        self._declared = int(environ.get("CONTENT_LENGTH") or 0)
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        if is_chunked:
            self._declared = -1
        self._expects_continue = "HTTP_EXPECT" in environ
        self.is_whole = self._declared == 0

    @property
    def is_short(self) -> bool:
        """Whether the body's length is known and small."""
        return 0 <= self._declared <= SMALL_BODY_BYTES

    async def read(self, limit: int) -> bytes:
        """Return the body; raises RefusedError when it is over the limit, which a declared length shows without reading.

        It is refused too when it is not there within BODY_SECONDS, or ends before its length or its last chunk.
        """
        if self.is_whole:
            return b""
        if self._declared > limit:
            raise too_large(limit)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                is_small = 0 < self._declared <= SMALL_BODY_BYTES
                content = await self._body() if is_small else await self._read_pieces(limit)
        except TimeoutError:
            raise _too_slow(BODY_SECONDS) from None
        except RuntimeError:
            raise cut_short() from None
        self.is_whole = True
        return content

    async def _read_pieces(self, limit: int) -> bytes:
        """Read piece by piece. The server tells the end by one empty piece, and a broken body by two."""
        parts: list[bytes] = []
        size = 0
        while piece := await self._next_piece():
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            self._room.take(len(piece))
            self._held += len(piece)
            parts.append(piece)
        if await self._next_piece() is not None:
            raise cut_short()
        return b"".join(parts)

    async def pass_on(self, limit: int, *, seconds: float, to: Callable[[bytes], Awaitable[object]]) -> int:
        """Hand a body on in parts, so that no more than one of them is held; return its length. Refuses as `read` does."""
        if self._declared > limit:
            raise too_large(limit)
        self._room.take(PART_BYTES)
        self._held += PART_BYTES
        try:
            async with asyncio.timeout(seconds):
                size = await self._pass_pieces(limit, to)
        except TimeoutError:
            raise _too_slow(seconds) from None
        except RuntimeError:
            raise cut_short() from None
        self.is_whole = True
        return size

    async def _pass_pieces(self, limit: int, to: Callable[[bytes], Awaitable[object]]) -> int:
        part, size = bytearray(), 0
        while piece := await self._next_piece():
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            part += piece
            if len(part) >= PART_BYTES:
                await to(bytes(part))
                part.clear()
        if await self._next_piece() is not None or 0 < size < self._declared:
            raise cut_short()
        await to(bytes(part))
        return size

    async def _next_piece(self) -> bytes | None:
        """Return the next piece, None when there are no more."""
        if self._pieces is None:
            self._pieces = aiter(self._body)
        try:
            # Not `anext(pieces, None)`: where `__anext__` raises at once, as the server's does, Python 3.11 crashes in it.
            return await anext(self._pieces)
        except StopAsyncIteration:
            return None

    async def drain(self) -> None:
        """Read on for a while and throw away, so that a sender that is still writing gets to read its refusal.

        One that waits for `100 Continue` has sent nothing, and reading would ask for it.
        """
        if self.is_whole or (self._expects_continue and self._pieces is None):
            return
        left = DRAIN_BYTES
        with suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while left > 0 and (piece := await self._next_piece()):
                    left -= len(piece)

    def close(self) -> None:
        """Give the memory back."""
        self._room.give_back(self._held)
        self._held = 0


def _too_slow(seconds: float) -> RefusedError:
    sentence = f"The body was not there within {seconds:.0f} seconds; send it at once."
    return RefusedError("body_too_slow", sentence, http_status=408)
