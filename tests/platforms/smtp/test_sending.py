"""Letters of an account: what they say and to whom, as the simulated mail server gets them."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage

import pytest
from pydantic import ValidationError

from app.core.sending import Message, Recipient
from app.platforms import discover
from app.security.mail_client import SmtpClient
from sandbox import read_settings
from sandbox.inbox import Delivered
from sandbox.platforms.smtp import SIMULATED
from sandbox.platforms.smtp.server import MailServer
from sandbox.state import SandboxState
from tests.platforms.sending import Sending, refused_parts
from tests.platforms.smtp.sample import SAMPLES
from tests.ports import free_port

MAYA, LIN = "maya@example.com", "lin@example.com"
REPEAT_KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def state() -> SandboxState:
    return SandboxState(read_settings({}), {}, [])


@pytest.fixture
def account(state: SandboxState) -> Iterator[Sending]:
    server = MailServer(state)
    yield opened(server.port)
    server.stop()


def opened(port: int, **keys: object) -> Sending:
    usual = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "ops@example.com",
        "sender_name": "告警",
    }
    spec = discover()["smtp"]
    connector = spec.open("smtp", spec.settings.model_validate({**usual, "to": [MAYA], **keys}))
    return Sending(connector, None, mail=SmtpClient())  # type: ignore[arg-type]  # a letter needs no HTTP


def kept(state: SandboxState) -> list[Delivered]:
    return state.inbox.of("smtp")


def letter_of(delivered: Delivered) -> EmailMessage:
    return message_from_string(delivered.raw["source"], policy=policy.default)


def test_a_letter_has_text_and_html_and_says_that_a_program_wrote_it(
    state: SandboxState, account: Sending
) -> None:
    text = "**磁盘** 已满 & <b>\n\n| host | used |\n|---|---|\n| db-1 | 97% |"
    (result,) = account.send(Message(title="告警：磁盘", text=text), repeat_key=REPEAT_KEY)
    (delivered,) = kept(state)
    letter = letter_of(delivered)
    assert (letter["Subject"], letter["To"], letter["From"]) == ("告警：磁盘", MAYA, "告警 <ops@example.com>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == result.message_id == f"<{REPEAT_KEY}@example.com>"
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "磁盘 已满" in plain.get_content()
    assert "<strong>磁盘</strong>" in html.get_content()
    assert "<td>97%</td>" in html.get_content()
    assert max(len(line) for line in delivered.raw["source"].splitlines()) <= 998
    assert result.accepted_only


def test_recipients_do_not_see_each_other_and_the_refused_are_told(
    state: SandboxState, account: Sending
) -> None:
    state.faults.add("smtp.rcpt", "status", status=550, body="5.1.1 no such user", when={"address": LIN})
    (result,) = account.send(
        Message(text="x", format="text"), *(Recipient("email", each) for each in (MAYA, LIN))
    )
    assert list(result.not_reached) == [LIN]
    (delivered,) = kept(state)
    assert MAYA not in delivered.raw["source"]
    assert letter_of(delivered).get_content_type() == "text/plain"


def test_without_a_title_the_first_words_are_the_subject(state: SandboxState, account: Sending) -> None:
    account.send(Message(text="# Disk\n\nis full"))
    account.send(Message(type="email", content={"subject": "Native", "html": "<p>x</p>"}))
    first, second = kept(state)
    assert first.heading.startswith("Disk")
    assert second.heading == "Native"


def test_line_ends_cannot_become_headers(state: SandboxState, account: Sending) -> None:
    account.send(Message(title="x\r\nBcc: all@example.com", text="y"))
    assert letter_of(kept(state)[0])["Bcc"] is None
    for content in (
        {"subject": "x\r\nBcc: all@example.com", "text": "y"},
        {"subject": "", "text": "y"},
        {"subject": "x"},
        {"subject": "x", "text": "y", "bcc": MAYA},
        {"subject": "x", "text": 5},
    ):
        refused_parts(account.sender, Message(type="email", content=content), "email")
    error = account.refusal(Message(text="x"), Recipient("email", f"{MAYA}\r\nRCPT TO:<x@y>"))
    assert error.code == "refused_recipient"


def test_settings_that_cannot_work_are_refused_at_the_start() -> None:
    usual = SAMPLES[0].settings
    for keys in (
        {"security": "none", "password": "a-password"},
        {"sender": "ops"},
        {"to": ["nobody"]},
        {"host": "smtp://mail.example.com"},
        {"sender_name": "a\nb"},
        {"port": 0},
    ):
        with pytest.raises(ValidationError):
            discover()["smtp"].settings.model_validate({**usual, **keys})


def test_the_server_beside_the_simulator_starts_where_no_real_account_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    port, begin = free_port(), SIMULATED.service
    assert begin is not None
    usual = {"SMTP_PORT": str(port)}
    state = SandboxState(read_settings(usual), {}, [])
    end = begin(state)
    assert end is not None
    assert begin(state) is None
    assert "SMTP_PORT" in capsys.readouterr().out
    opened(port).send(Message(text="x"))
    assert len(kept(state)) == 1
    end()
    real = SandboxState(read_settings({**usual, "SMTP_SECURITY": "tls"}), {}, [])
    assert begin(real) is None
