"""`python -m bench.token_hits CHANNEL COUNT`: asks for one app token again and again, in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time

from app.factory import build_services
from app.pipeline.tokens.app_tokens import usable_app_token


def main() -> None:
    """Print a JSON line: calls a second, and latencies in milliseconds."""
    channel, count = sys.argv[1], int(sys.argv[2])
    services = build_services(dict(os.environ))
    usable_app_token(services, channel)
    times = []
    began = time.perf_counter()
    for _ in range(count):
        before = time.perf_counter()
        usable_app_token(services, channel)
        times.append(time.perf_counter() - before)
    seconds = time.perf_counter() - began
    times.sort()
    print(
        json.dumps(
            {
                "rate": count / seconds,
                "p50": times[count // 2] * 1000,
                "p99": times[int(count * 0.99)] * 1000,
            }
        )
    )


if __name__ == "__main__":
    main()
