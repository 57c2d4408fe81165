"""Letters over SMTP, against a real server that takes them, refuses them and breaks off at every step."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest
import structlog

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.mail import MailServer as Server
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.security.mail_client import SmtpClient
from app.security.public_addresses import AddressGuard
from sandbox import read_settings
from sandbox.inbox import Delivered
from sandbox.platforms.smtp.server import USER, MailServer
from sandbox.state import SandboxState
from tests.ports import free_port
from tests.security.conftest import MisbehavingServer

SENDER, MAYA, LIN = "ops@gateway.example", "maya@example.com", "lin@example.com"


@pytest.fixture
def state() -> SandboxState:
    return SandboxState(read_settings({}), {}, [])


@pytest.fixture
def start(state: SandboxState) -> Iterator[Callable[..., int]]:
    """Start mail servers and return their ports."""
    started: list[MailServer] = []

    def serve(**options: Any) -> int:
        started.append(MailServer(state, **options))
        return started[-1].port

    yield serve
    state.closing.set()
    for each in started:
        each.stop()


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def letter(subject: str = "Alert", text: str = "The disk is full.\n") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = SENDER, MAYA, subject
    made.set_content(text)
    return made


def send(port: int, *to: str, client: SmtpClient | None = None, text: str = "x\n", **server: Any) -> Any:
    given = Server("127.0.0.1", port, **{"security": "none", **server})
    sending = client or SmtpClient(connect_timeout=2, total_timeout=5)
    return sending.send(given, SENDER, to or (MAYA,), letter(text=text))


def failure(port: int, *to: str, **options: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        send(port, *to, **options)
    return caught.value


def kept(state: SandboxState) -> list[Delivered]:
    return state.inbox.of("smtp")


def test_a_letter_arrives_with_its_dots_and_its_letters(
    state: SandboxState, start: Callable[..., int]
) -> None:
    text = "第一行\n.\n..two dots\n.hidden\n" + "long " * 400 + "\n"
    answer = send(start(), MAYA, LIN, text=text)
    assert [each.conversation for each in kept(state)] == [f"to:{MAYA}", f"to:{LIN}"]
    assert kept(state)[0].text == text
    assert (answer.refused, answer.text[:3]) == ({}, "250")


def test_who_is_refused_is_told_and_the_others_get_it(state: SandboxState, start: Callable[..., int]) -> None:
    port, refusal = start(), f"5.1.1 <{LIN}>: no such user {LIN} here"
    state.faults.add("smtp.rcpt", "status", status=550, body=refusal, when={"address": LIN})
    answer = send(port, MAYA, LIN)
    assert answer.refused == {LIN: "550 5.1.1 …: no such user … here"}
    assert len(kept(state)) == 1
    error = failure(port, LIN)
    assert isinstance(error, SendRefused)
    assert error.at_fault == "recipient"
    assert LIN not in str(error)


def test_each_refusal_has_its_outcome(state: SandboxState, start: Callable[..., int]) -> None:
    port = start()
    for place, status, expected, at_fault in (
        ("greeting", 421, QuotaReached, ""), ("greeting", 554, SendRefused, "settings"),
        ("mail", 451, QuotaReached, ""), ("mail", 530, SendRefused, "settings"),
        ("rcpt", 450, QuotaReached, ""), ("rcpt", 553, SendRefused, "recipient"),
        ("data", 452, QuotaReached, ""), ("data", 554, SendRefused, "content"),
        ("end", 452, QuotaReached, ""), ("end", 552, SendRefused, "content"),
    ):  # fmt: skip
        state.faults.add(f"smtp.{place}", "status", 1, status=status, body="x")
        error = failure(port)
        assert type(error) is expected, place
        assert getattr(error, "at_fault", "") == at_fault
        assert error.platform_code == str(status)
    assert kept(state) == []


def test_a_connection_that_breaks_before_the_last_dot_sent_nothing(
    state: SandboxState, start: Callable[..., int]
) -> None:
    port = start()
    for place in ("greeting", "mail", "rcpt", "data"):
        state.faults.add(f"smtp.{place}", "reset", 1)
        error = failure(port)
        assert type(error) is UpstreamUnavailable, place
        assert error.was_sent is False
    refused = failure(free_port())
    assert isinstance(refused, UpstreamUnavailable)
    assert refused.was_sent is False
    assert kept(state) == []


def test_a_connection_that_breaks_after_the_last_dot_leaves_the_outcome_open(
    state: SandboxState, start: Callable[..., int]
) -> None:
    port = start()
    state.faults.add("smtp.end", "lost_answer", 1)
    assert isinstance(failure(port), OutcomeUnknown)
    assert len(kept(state)) == 1
    state.faults.add("smtp.end", "hang", 1, seconds=30)
    waiting = SmtpClient(connect_timeout=1, total_timeout=0.5)
    assert isinstance(failure(port, client=waiting), OutcomeUnknown)


def test_passwords_go_out_inside_tls_only(
    state: SandboxState, start: Callable[..., int], tls: ssl.SSLContext, certificate: Path
) -> None:
    trusting = SmtpClient(connect_timeout=2, total_timeout=5, ca_file=str(certificate))
    account: dict[str, Any] = {"client": trusting, "username": USER[0], "password": USER[1]}
    send(start(tls=tls, wants_login=True), **account, security="tls")
    starttls = start(tls=tls, starttls=True, wants_login=True)
    send(starttls, **account, security="starttls")
    assert len(kept(state)) == 2
    wrong = failure(starttls, **{**account, "password": "wrong-password"}, security="starttls")
    assert isinstance(wrong, SendRefused)
    assert (wrong.at_fault, wrong.platform_code) == ("settings", "535")
    assert not any(secret in str(wrong) for secret in (USER[0], "wrong-password"))
    for security, port, words in (
        ("none", start(), "in plain text"),
        ("starttls", start(wants_login=True), "STARTTLS"),
    ):
        error = failure(port, **account, security=security)
        assert isinstance(error, SendRefused)
        assert error.at_fault == "settings"
        assert words in error.message


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password(
    state: SandboxState, start: Callable[..., int], tls: ssl.SSLContext
) -> None:
    for security in ("tls", "starttls"):
        port = start(tls=tls, starttls=security == "starttls", wants_login=True)
        error = failure(port, security=security, username=USER[0], password=USER[1])
        assert type(error) is UpstreamUnavailable
        assert "CA_BUNDLE" in error.message
    assert "security" in failure(start(), security="tls").message


def test_a_guard_keeps_letters_from_private_servers(state: SandboxState, start: Callable[..., int]) -> None:
    port = start()
    assert failure(port, client=SmtpClient(guard=AddressGuard())).code == "upstream_address_refused"
    send(port, client=SmtpClient(guard=AddressGuard([f"127.0.0.1:{port}"])))
    assert len(kept(state)) == 1


def test_addresses_and_headers_with_line_ends_are_never_sent(
    state: SandboxState, start: Callable[..., int]
) -> None:
    port = start()
    for address in (
        "a@b\r\nRCPT TO:<x@y>",
        "a b@c",
        "<a@b>",
        "a",
        "@",
        "a@b>",
        "é@example.com",
        "a@" + "b" * 300,
    ):
        error = failure(port, address)
        assert isinstance(error, SendRefused)
        assert error.at_fault == "recipient"
    with pytest.raises(SendRefused):
        SmtpClient().send(Server("127.0.0.1", port, security="none"), SENDER, [], letter())
    odd = letter()
    odd._headers.append(("Subject", "x\r\nBcc: everybody@example.com"))  # type: ignore[attr-defined]
    with pytest.raises(SendRefused):
        SmtpClient().send(Server("127.0.0.1", port, security="none"), SENDER, [MAYA], odd)
    with pytest.raises(SendRefused):
        send(port, text="x" * 70 + ("y" * 70 + "\n") * 150_000)
    assert kept(state) == []


def test_a_server_that_says_nothing_is_left_in_time(server: MisbehavingServer) -> None:
    port = int(server.origin.rpartition(":")[2])
    started = time.monotonic()
    quick = SmtpClient(connect_timeout=1, total_timeout=0.4)
    assert failure(port, client=quick).message.startswith("127.0.0.1 did not answer in time")
    assert time.monotonic() - started < 5


def test_answers_are_bounded_and_nonsense_is_no_success() -> None:
    for said in (b"220-" + b"x" * 500 + b"\r\n", b"hello\r\n"):
        with Talker(said) as talker:
            error = failure(talker.port, client=SmtpClient(connect_timeout=1, total_timeout=4))
            assert type(error) is UpstreamUnavailable
            assert error.was_sent is False
        assert talker.bytes_sent < MOST_TAKEN


MOST_TAKEN = 20_000_000
"""More than what the system keeps of a connection that nobody reads."""


class Talker:
    """Says one thing over and over to whoever connects."""

    def __init__(self, said: bytes) -> None:
        self._said = said * 1000
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes_sent = 0
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def _talk(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            try:
                while self.bytes_sent < 4 * MOST_TAKEN:
                    connection.sendall(self._said)
                    self.bytes_sent += len(self._said)
            except OSError:
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(5)


def test_no_address_and_no_password_is_logged(state: SandboxState, start: Callable[..., int]) -> None:
    port = start()
    with structlog.testing.capture_logs() as logs:
        send(port, MAYA)
        state.faults.add("smtp.rcpt", "status", 1, status=550, body=f"no {MAYA}")
        failure(port, MAYA)
    assert [entry["event"] for entry in logs] == ["mail_sent", "mail_failed"]
    assert MAYA not in repr(logs)
