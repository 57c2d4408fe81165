"""A small mail server on a port of its own: takes letters over SMTP and keeps them in the inbox, each in its recipient's.

Protocol: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH PLAIN and LOGIN) (read 2026-11-28). Faults are scripted for the endpoints
`smtp.greeting` `smtp.auth` `smtp.mail` `smtp.rcpt` `smtp.data` `smtp.end`: `status` (with `body`), `reset`, `hang` and, for the
last, `lost_answer`, which takes the letter and says nothing.
"""

from __future__ import annotations

import binascii
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes, policy
from typing import Any, cast

from sandbox.faults import Fault
from sandbox.inbox import Delivered
from sandbox.state import SandboxState, random_text

LARGEST_LETTER = 10_485_760
LONGEST_LINE = 2000
PATIENCE_SECONDS = 30
USER = ("ops@gateway.example", "sandbox-mail-password")


class MailServer(socketserver.ThreadingTCPServer):
    """Serves until it is stopped; `tls` makes connections private from the start or, with `starttls`, when asked."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self,
        state: SandboxState,
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: bool = False,
        wants_login: bool = False,
    ) -> None:
        """Binds the port and starts to serve; raises OSError for a port that is taken."""
        super().__init__(("127.0.0.1", port), _Conversation)
        self.state, self.tls, self.starttls, self.wants_login = state, tls, starttls, wants_login
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self.shutdown()
        self._thread.join(5)
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Writes nothing: who breaks off is part of the play."""


def serve_beside(state: SandboxState) -> Callable[[], None] | None:
    """Starts a mail server beside the simulator and returns what ends it; None where a real account is configured."""
    if state.settings["SMTP_SECURITY"] != "none":
        return None
    port = state.settings["SMTP_PORT"]
    try:
        return MailServer(state, int(port)).stop
    except (OSError, ValueError, OverflowError):
        print(f"Port {port} cannot be used (SMTP_PORT): no simulated mail server.", flush=True)
        return None


class _Conversation(socketserver.StreamRequestHandler):
    timeout = PATIENCE_SECONDS

    def setup(self) -> None:
        mail_server = cast("MailServer", self.server)
        if mail_server.tls is not None and not mail_server.starttls:
            self.request = mail_server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.sink, self.is_private = mail_server, mail_server.tls is not None and not mail_server.starttls
        self.is_known = not mail_server.wants_login
        self._forget()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        # What was wrapped for TLS is not the socket that the server closes.
        self.connection.close()

    def handle(self) -> None:
        if not self._faulty("greeting", 220, "mail.gateway.example ESMTP"):
            return
        goes_on = True
        while goes_on:
            line = self.rfile.readline(LONGEST_LINE).decode("utf-8", "replace")
            verb, _, rest = line.strip().partition(" ")
            goes_on = bool(line) and self._obey(verb.upper(), rest.strip())

    def _obey(self, verb: str, rest: str) -> bool:
        """Carries out one command; False ends the conversation."""
        commands: dict[str, Callable[[str], bool]] = {
            "EHLO": self._hello, "HELO": lambda _: self._say(250, "mail.gateway.example"), "STARTTLS": self._start_tls,
            "AUTH": self._log_in, "MAIL": self._mail, "RCPT": self._recipient, "DATA": self._data,
            "RSET": self._reset, "NOOP": lambda _: self._say(250, "2.0.0 OK"),
            "QUIT": lambda _: self._say(221, "2.0.0 Bye") and False,
        }  # fmt: skip
        command = commands.get(verb)
        return command(rest) if command is not None else self._say(502, "5.5.2 Command not recognized")

    def _hello(self, _rest: str) -> bool:
        lines = ["mail.gateway.example", f"SIZE {LARGEST_LETTER}"]
        lines += ["STARTTLS"] if self.sink.starttls and not self.is_private else []
        lines += ["AUTH PLAIN LOGIN"] if self.sink.wants_login and self.is_private else []
        told = [f"250-{each}\r\n" for each in lines[:-1]] + [f"250 {lines[-1]}\r\n"]
        self.wfile.write("".join(told).encode())
        return True

    def _start_tls(self, _rest: str) -> bool:
        if not self.sink.starttls or self.sink.tls is None or self.is_private:
            return self._say(502, "5.5.1 Not offered")
        self._say(220, "2.0.0 Ready to start TLS")
        self.request = self.connection = self.sink.tls.wrap_socket(self.connection, server_side=True)
        self.rfile.close()
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.is_private = True
        return True

    def _log_in(self, rest: str) -> bool:
        mechanism, _, initial = rest.partition(" ")
        try:
            if mechanism.upper() == "PLAIN":
                given = tuple(b64decode(initial or self._ask("")).decode().split("\0")[1:])
            else:
                user = b64decode(initial or self._ask("VXNlcm5hbWU6")).decode()
                given = (user, b64decode(self._ask("UGFzc3dvcmQ6")).decode())
        except (binascii.Error, UnicodeDecodeError):
            return self._say(501, "5.5.2 Cannot decode")
        if given != USER:
            return self._say(535, f"5.7.8 Authentication failed for <{given[0] if given else ''}>")
        self.is_known = True
        return self._faulty("auth", 235, "2.7.0 Authentication successful")

    def _ask(self, prompt: str) -> bytes:
        self._say(334, prompt)
        return self.rfile.readline(LONGEST_LINE).strip()

    def _mail(self, rest: str) -> bool:
        if not self.is_known:
            return self._say(530, "5.7.0 Authentication required")
        self.sender = rest.partition("<")[2].partition(">")[0]
        return self._faulty("mail", 250, "2.1.0 OK")

    def _recipient(self, rest: str) -> bool:
        address = rest.partition("<")[2].partition(">")[0]
        fault = self._fault("rcpt", address=address)
        if fault is None:
            self.recipients.append(address)
        return self._faulty("rcpt", 250, "2.1.5 OK", fault)

    def _data(self, _rest: str) -> bool:
        if not self.recipients:
            return self._say(503, "5.5.1 No valid recipients")
        fault = self._fault("data")
        if fault is not None:
            return self._faulty("data", 354, "", fault)
        self._say(354, "End data with <CR><LF>.<CR><LF>")
        letter = self._letter()
        fault = self._fault("end")
        if letter is None or (fault is not None and fault.kind == "lost_answer"):
            self._keep(letter)
            return False
        if fault is None and len(letter) > LARGEST_LETTER:
            return self._say(552, "5.3.4 Message too big")
        if fault is None:
            self._keep(letter)
        return self._faulty("end", 250, f"2.0.0 OK queued as {random_text(10)}", fault)

    def _letter(self) -> bytes | None:
        """Reads up to the lone dot, doubled dots undone; None where the connection ends before."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return None
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _keep(self, raw: bytes | None) -> None:
        if raw is None:
            return
        letter = message_from_bytes(raw, policy=policy.default)
        body = letter.get_body(("plain", "html"))
        for address in self.recipients:
            self.sink.state.inbox.keep(
                Delivered(
                    platform="smtp",
                    conversation=f"to:{address}",
                    conversation_title=address,
                    kind="email",
                    text="" if body is None else body.get_content().replace("\r\n", "\n"),
                    heading=str(letter["Subject"] or ""),
                    raw={"source": raw.decode("utf-8", "replace"), "from": self.sender},
                    at=self.sink.state.now(),
                    id=str(letter["Message-ID"] or ""),
                )
            )
        self._forget()

    def _reset(self, _rest: str) -> bool:
        self._forget()
        return self._say(250, "2.0.0 OK")

    def _forget(self) -> None:
        self.sender, self.recipients = "", list[str]()

    def _fault(self, place: str, **fields: str) -> Fault | None:
        kinds = ("status", "reset", "hang", "lost_answer")
        return self.sink.state.faults.take(f"smtp.{place}", kinds, fields)

    def _faulty(self, place: str, code: int, words: str, fault: Fault | None = None) -> bool:
        """Says what is usual, or what is scripted; False ends the conversation."""
        found = fault or (self._fault(place) if place not in ("rcpt", "end") else None)
        if found is None:
            return self._say(code, words)
        if found.kind == "hang":
            self.sink.state.closing.wait(float(found.options.get("seconds", PATIENCE_SECONDS)))
        if found.kind != "status":
            return False
        return self._say(
            int(found.options.get("status", 451)), str(found.options.get("body", "scripted fault"))
        )

    def _say(self, code: int, words: str) -> bool:
        self.wfile.write(f"{code} {words}\r\n".encode())
        return True
