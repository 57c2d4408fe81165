"""A site of somebody else, on an origin of its own, whose one page logs people in with the gateway's module."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

PAGE = """<!doctype html><title>Another site</title><link rel="icon" href="data:,">
<button>Log in</button><p id="said"></p>
<script type="module">
import { login } from "%s/static/callgate.js";
document.querySelector("button").onclick = async () => {
  const said = document.getElementById("said");
  const refused = (error) => { said.textContent = error.word; };
  await login("account", { popup: true }).then(() => { said.textContent = "The popup has ended."; }, refused);
};
</script>"""


class OnePage(BaseHTTPRequestHandler):
    """Answers every address with the page; the query names the gateway."""

    def do_GET(self) -> None:
        gateway = parse_qs(urlsplit(self.path).query).get("gateway", [""])[0]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((PAGE % gateway).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


class OtherSite:
    """Serves the page under a name that is not the gateway's; a context manager."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), OnePage)
        self.url = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
