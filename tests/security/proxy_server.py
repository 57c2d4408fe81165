"""A small real proxy on the loopback address: tunnels (CONNECT), plain requests with a whole address, and a password if it wants one."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from urllib.parse import urlsplit


class SmallProxy:
    """Leads everything to `target`, whatever host it is asked for, and remembers the first line and the credentials of each request."""

    def __init__(
        self, target: tuple[str, int], password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.asked: list[str] = []
        self._target, self._tls = target, tls
        self._wanted = f"Basic {base64.b64encode(password.encode()).decode()}" if password else ""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            stack.enter_context(connection)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (piece := connection.recv(65536)):
                    return
                head += piece
            lines = head.decode("latin-1").split("\r\n")
            self.asked.append(lines[0])
            if self._wanted and f"proxy-authorization: {self._wanted}".lower() not in map(str.lower, lines):
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            far = stack.enter_context(socket.create_connection(self._target))
            if lines[0].startswith("CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                method, address, version = lines[0].split(" ")
                parts = urlsplit(address)
                first = f"{method} {parts.path}?{parts.query} {version}\r\nConnection: close\r\n"
                far.sendall(first.encode() + head.partition(b"\r\n")[2])
            back = threading.Thread(target=_copy, args=(far, connection), daemon=True)
            back.start()
            _copy(connection, far)
            back.join(5)

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
