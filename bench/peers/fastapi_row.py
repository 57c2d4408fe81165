"""FastAPI with asyncpg: one row for each request, committed before the answer; no signature is checked, nothing is run."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Request

INSERT = "INSERT INTO events (id, body) VALUES ($1, $2)"


@asynccontextmanager
async def connected(served: FastAPI) -> AsyncIterator[None]:
    """Keep asyncpg's usual pool while it serves."""
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"]) as pool:
        served.state.pool = pool
        yield


app = FastAPI(lifespan=connected)


@app.post("/webhooks/callback")
async def callback(request: Request) -> dict[str, str]:
    body = await request.body()
    await request.app.state.pool.execute(INSERT, json.loads(body)["event_id"], body.decode())
    return {"status": "accepted"}


@app.get("/healthz")
async def healthz() -> str:
    return "ok"
