"""Flask with RQ as tutorials write it: the view enqueues, `rq worker` beside it runs."""

from __future__ import annotations

import os

from flask import Flask, request
from redis import Redis
from rq import Queue

from bench.peers.rq_job import process

app = Flask(__name__)
queue = Queue(connection=Redis.from_url(os.environ["BENCH_REDIS_URL"]))


@app.post("/webhooks/callback")
def callback() -> tuple[dict[str, str], int]:
    queue.enqueue(process, request.get_json())
    return {"status": "queued"}, 202


@app.get("/healthz")
def healthz() -> str:
    return "ok"
