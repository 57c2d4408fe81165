"""The only way out for letters: SMTP, bounded in time and size, one try, certificates always checked.

Built on smtplib, whose sockets are those of deadline_sockets.py. What a letter says is not this module's business.
Sources: RFC 5321 §3, §4.2 (replies), §4.5.3 (limits); RFC 3207 §6 (STARTTLS); RFC 4954 (AUTH) (read 2026-11-28).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as WIRE_FORM
from typing import Any, TypeVar

import structlog

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.mail import MailAnswer, MailServer
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.security.public_addresses import AddressGuard

MOST_BYTES = 10_000_000
MOST_RECIPIENTS = 100
MOST_ANSWER_BYTES = 65_536
MOST_TOLD = 200
GREY_SECONDS = 300
"""When to come again after a 4xx: who keeps grey lists takes a letter after five to fifteen minutes."""

LEAST_CODE, OK, CONTINUE, TEMPORARY, FINAL = 200, 250, 354, 400, 500
ENDS_SESSION = 421
AT_PLACE = re.compile(r"[!-;=?A-Z\[-~]{1,254}")
"""Printable ASCII but for blanks, angle brackets and `@`: the two halves of an address."""

IN_BRACKETS = re.compile(r"<[^<>]{1,320}>|[^\s<>@]{1,64}@[^\s<>@]{1,253}")
T = TypeVar("T")

logger = structlog.get_logger(__name__)


class SmtpClient:
    """Hands in letters; satisfies app.core.mail.MailClient.

    Servers come from the operator's configuration and may be private; with a `guard` they are judged as addresses that
    callers supply. `total_timeout` covers everything from connecting to the answer. One client is shared by all threads.
    """

    def __init__(
        self,
        *,
        guard: AddressGuard | None = None,
        connect_timeout: float = 5.0,
        total_timeout: float = 25.0,
        ca_file: str | None = None,
    ) -> None:
        self._guard = guard
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._ca_file = ca_file

    def send(self, server: MailServer, sender: str, to: Sequence[str], letter: EmailMessage) -> MailAnswer:
        """Hand in one letter; the errors are those of app.core.mail.MailClient."""
        if server.security == "none" and server.password:
            raise SendRefused(
                "settings", "A password is never sent in plain text; set security to tls or starttls."
            )
        from app.security.deadline_sockets import deadline

        envelope_from, envelope_to = _plain_address(sender), [_plain_address(each) for each in to]
        if not envelope_to or len(envelope_to) > MOST_RECIPIENTS:
            raise SendRefused("recipient", f"A letter needs 1 to {MOST_RECIPIENTS} recipients.")
        content = _written(letter)
        log = logger.bind(host=server.host, recipients=len(envelope_to), bytes=len(content))
        try:
            permits = self._guard.permits if self._guard is not None else None
            with deadline(self._connect_timeout, self._total_timeout, permits):
                answer = self._hand_in(server, envelope_from, envelope_to, content)
        except UpstreamError as error:
            log.warning("mail_failed", error=error.code, code=error.platform_code)
            raise
        log.info("mail_sent", refused=len(answer.refused))
        return answer

    def _hand_in(self, server: MailServer, sender: str, to: Sequence[str], content: bytes) -> MailAnswer:
        """Go through the whole conversation; until the last dot nothing was sent, whatever breaks."""
        from app.security.deadline_sockets import tls_context

        talk = _Conversation(server, tls_context(self._ca_file))
        try:
            refused = _before_text(server, lambda: _introduce(talk, server, sender, to))
            _before_text(server, lambda: talk.send(content))
            said = _end_text(talk)
            with suppress(OSError, smtplib.SMTPException):
                talk.putcmd("quit")
            return MailAnswer(said, refused)
        finally:
            talk.close()


class _Conversation(smtplib.SMTP):
    """One connection to a server; every socket operation ends with the running deadline, and answers are bounded."""

    def __init__(self, server: MailServer, context: ssl.SSLContext) -> None:
        super().__init__(local_hostname="localhost")
        self._server = server
        self._context = context
        self._host = server.host

    def open(self) -> None:
        """Connect, greet, and make the connection private where the settings say so."""
        _check(*self.connect(self._server.host, self._server.port), "greets with")
        assert self.sock is not None
        self.local_hostname = _literal(self.sock.getsockname()[0])
        self.ehlo_or_helo_if_needed()
        if self._server.security != "starttls":
            return
        if not self.has_extn("starttls"):
            raise SendRefused(
                "settings",
                "The mail server offers no STARTTLS on this port; use 587, or security tls with 465.",
            )
        _check(*self.starttls(context=self._context), "refuses STARTTLS with")
        self.ehlo_or_helo_if_needed()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        from app.security.deadline_sockets import connected_socket

        plain = connected_socket(host, port)
        if self._server.security != "tls":
            return plain
        return self._context.wrap_socket(plain, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer, whose lines are counted: a server may not talk without end."""
        if self.file is None and self.sock is not None:
            self.file = _BoundedLines(self.sock.makefile("rb"))
        return super().getreply()


class _BoundedLines:
    """The lines of a server up to a size."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = MOST_ANSWER_BYTES

    def readline(self, most: int = -1) -> bytes:
        """Return one line."""
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the answers are larger than they may be")
        return line

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()


def _introduce(talk: _Conversation, server: MailServer, sender: str, to: Sequence[str]) -> dict[str, str]:
    """Open the conversation up to the text, and return who was refused, by address."""
    talk.open()
    if server.username and server.security != "none":
        _log_in(talk, server)
    _check(*talk.mail(sender), "refuses the sender with", at_fault="settings")
    answers = {each: talk.rcpt(each) for each in to}
    refused = {each: answer for each, answer in answers.items() if not _is_good(answer[0])}
    if len(refused) == len(answers):
        temporary = [answer for answer in refused.values() if answer[0] < FINAL]
        _check(*(temporary or list(refused.values()))[0], "takes no recipient:", at_fault="recipient")
    talk.putcmd("data")
    _check(*talk.getreply(), "refuses the letter with", at_fault="content", expected=CONTINUE)
    return {each: _words(*answer) for each, answer in refused.items()}


def _log_in(talk: _Conversation, server: MailServer) -> None:
    try:
        talk.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        _check(error.smtp_code, _bytes(error.smtp_error), "does not take username and password:", "settings")
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, UnicodeError):
        raise SendRefused(
            "settings",
            "The mail server knows none of the ways to log in (PLAIN, LOGIN, CRAM-MD5), or user name and password hold "
            "letters beyond ASCII; check host and port.",
        ) from None


def _end_text(talk: _Conversation) -> str:
    """Send the last dot and judge the answer; from here on a broken connection leaves the outcome open."""
    try:
        talk.send(b".\r\n")
        code, words = talk.getreply()
        if code < LEAST_CODE:
            raise ValueError("no answer to a letter")
    except (OSError, smtplib.SMTPException, ValueError):
        raise OutcomeUnknown(
            "The connection to the mail server broke after the letter's last line, so it may have taken it."
        ) from None
    _check(code, words, "refuses the letter with", at_fault="content")
    return _words(code, words)


def _before_text(server: MailServer, step: Callable[[], T]) -> T:
    """Run a step before the end of the text; raises UpstreamUnavailable for whatever breaks in it."""
    try:
        return step()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise UpstreamUnavailable(_why(server.host, error), was_sent=False) from None


def _why(host: str, failure: Exception) -> str:
    # smtplib puts an error of its own around what broke.
    wraps = isinstance(failure, smtplib.SMTPServerDisconnected)
    error = failure.__context__ if wraps and failure.__context__ is not None else failure
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {host} is not trusted ({error.verify_message}); "
            "name the authority that signed it in ca_bundle or CA_BUNDLE."
        )
    if isinstance(error, ssl.SSLError):
        return f"{host} does not speak TLS on this port; check port and security (tls with 465, starttls with 587)."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses the connection; check host and port."
    if isinstance(error, socket.gaierror):
        return f"The name {host} cannot be resolved; check its spelling and the DNS."
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time; check port and security, many networks close port 25."
    return f"{host} broke the connection off, or is no mail server."


def _check(code: int, words: bytes, verb: str, at_fault: str = "settings", expected: int = OK) -> None:
    """Judge an answer; raises QuotaReached for what passes (4xx), SendRefused for what does not.

    A word of 5.7.1 or 4.7.1 stays within its class: policy may change, and a refusal is final for this letter.
    """
    if code == expected or (expected == OK and _is_good(code)):
        return
    if code < LEAST_CODE:
        raise smtplib.SMTPException("no code in front of an answer")
    said = f"The mail server {verb} {_words(code, words)}"
    if TEMPORARY <= code < FINAL:
        wait = 60 if code == ENDS_SESSION else GREY_SECONDS
        raise QuotaReached(said, retry_after=wait, platform_code=str(code))
    cure = {"settings": "check the channel's settings", "recipient": "check the addresses"}.get(
        at_fault, "change the letter, or ask the server's operator"
    )
    raise SendRefused(at_fault, f"{said}; {cure}.", platform_code=str(code))


def _literal(address: str) -> str:
    """Return an address as a greeting names a host without a name (RFC 5321 §4.1.3)."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _is_good(code: int) -> bool:
    return 200 <= code < 300  # noqa: PLR2004


def _words(code: int, words: bytes) -> str:
    """Return an answer as operators may read it: bounded, printable, without the address it repeats."""
    text = " ".join(_bytes(words)[:2000].decode("utf-8", "replace").split())
    shown = IN_BRACKETS.sub("…", "".join(char if char.isprintable() else "?" for char in text))
    return f"{code} {shown}"[:MOST_TOLD]


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode("utf-8", "replace")


def _plain_address(address: str) -> str:
    """Return an address that can stand in a command; raises SendRefused, and repeats nothing of it."""
    local, _, domain = address.rpartition("@")
    try:
        domain = domain.encode("ascii" if domain.isascii() else "idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not AT_PLACE.fullmatch(local) or not AT_PLACE.fullmatch(domain):
        raise SendRefused("recipient", "An address is not of the form name@example.com; correct it.")
    return f"{local}@{domain}"


def _written(letter: EmailMessage) -> bytes:
    """Return a letter's bytes up to the last line, dots doubled; raises SendRefused for headers that hold line ends."""
    try:
        has_line_ends = any("\r" in str(value) or "\n" in str(value) for _, value in letter.raw_items())
        raw = b"" if has_line_ends else letter.as_bytes(policy=WIRE_FORM)
    except (ValueError, TypeError, LookupError):
        raw = b""
    if not raw:
        raise SendRefused(
            "content", "A header of the letter cannot be written down; it may hold no line ends."
        )
    if len(raw) > MOST_BYTES:
        raise SendRefused("content", f"The letter is larger than {MOST_BYTES} bytes; shorten it.")
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
