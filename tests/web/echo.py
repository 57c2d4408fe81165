"""Two applications that answer with the WSGI environment they are given: one by the server's WSGI, one by our loop's way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from app.web.callbacks.bodies import BodyReader, Room
from app.web.callbacks.bridge import answer_by_wsgi
from app.web.callbacks.scope import environ_of, for_application

LEFT_OUT = ("wsgi.errors", "wsgi.input", "REMOTE_PORT")


def by_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the environment and the body."""
    body = environ["wsgi.input"].read()
    seen = {name: value for name, value in environ.items() if name not in LEFT_OUT}
    content = json.dumps({"environ": seen, "body": body.decode("latin-1")}, sort_keys=True).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


async def by_loop(scope: Any, server: Any) -> None:
    """Answer with what the loop's front hands to its WSGI application."""
    environ = environ_of(scope)
    body = await BodyReader(server, environ, Room()).read(1_000_000)
    answer_by_wsgi(by_wsgi, for_application(environ, scope, body), server)
