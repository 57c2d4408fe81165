"""A Redis of the benchmark's own, with the settings it has without a settings file: it can be killed without harm to anybody."""

from __future__ import annotations

import shutil
import subprocess
import time
import zlib
from pathlib import Path
from typing import Self, cast

from redis import Redis
from redis.exceptions import RedisError

from bench.load import HOST
from bench.ports import free_port

START_SECONDS = 10


class RedisServer:
    """One server, its data in a folder; a context manager."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        """Return its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def client(self) -> Redis:
        """Return a connection of our own."""
        return Redis.from_url(self.url)

    def __enter__(self) -> Self:
        command = [program() or "redis-server", "--port", str(self.port), "--bind", HOST]
        self._process = subprocess.Popen(
            [*command, "--dir", str(self.folder), "--dbfilename", f"redis_{self.port}.rdb"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                self.__exit__()
                raise TimeoutError("redis-server does not answer")
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def __exit__(self, *_: object) -> None:
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a loss of power does: what is only in memory is gone."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(timeout=START_SECONDS)
        self._process = None

    def waiting_jobs(self) -> list[bytes]:
        """Return the jobs that still stand in RQ's usual queue, as RQ has packed them."""
        client = self.client
        names = cast("list[bytes]", client.lrange("rq:queue:default", 0, -1))
        packed = [cast("bytes | None", client.hget("rq:job:" + name.decode(), "data")) for name in names]
        return [zlib.decompress(data) for data in packed if data]

    def count_jobs(self) -> int:
        """Count the jobs that RQ has stored: the waiting ones, and for some minutes the done ones too."""
        return sum(1 for name in self.client.scan_iter("rq:job:*", count=10_000) if name.count(b":") == 2)


def program() -> str | None:
    """Return where Redis is, None when it is not installed."""
    return shutil.which("redis-server")
