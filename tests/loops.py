"""Runs a coroutine to its end on an event loop of its own, whatever loop the tests' own thread has (a browser keeps one)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Return what it returns; raises what it raises."""
    with ThreadPoolExecutor(1, thread_name_prefix="loop") as threads:
        return threads.submit(asyncio.run, work).result()
