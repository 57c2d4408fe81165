"""What must never reach a log, the console or a traceback, and what must stay readable."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.security.redaction import redact_event, redact_headers, redact_query, redact_text

SECRET = "s3cr3t-VALUE"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "SET-COOKIE",
        "X-Token",
        "X-Gitlab-Token",
        "x-acs-dingtalk-access-token",
        "X-Api-Key",
        "X-Client-Secret",
        "X-Secret-Key",
        "X-Access-Key",
        "Ocp-Apim-Subscription-Key",
        "X-Functions-Key",
        "X-Login-Ticket",
        "X-Jwt",
        "X-Auth",
    ],
)
def test_credential_headers_are_masked(name: str) -> None:
    assert redact_headers([(name, SECRET)]) == ((name, "[redacted]"),)


@pytest.mark.parametrize(
    "pair",
    [
        ("X-Signature", "sha256=139123456780abcdef"),
        ("webhook-signature", "v1,abc= v1,def="),
        ("X-Timestamp", "1780000000"),
        ("X-Nonce", "13912345678"),
        ("Content-Type", "application/json"),
        ("X-Event-Type", "user_authorized"),
        ("Idempotency-Key", "order-7"),
        ("X-Event-Key", "order-7"),
        ("X-App-Key", "dingoa1b2"),
    ],
)
def test_headers_that_explain_a_rejection_stay(pair: tuple[str, str]) -> None:
    assert redact_headers([pair]) == (pair,)


def test_a_referer_loses_its_code() -> None:
    assert SECRET not in str(redact_headers([("Referer", f"https://a.example/cb?code={SECRET}&x=1")]))


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "state",
        "access_token",
        "refresh_token",
        "secret",
        "appsecret",
        "client_secret",
        "ticket",
        "key",
        "auth_code",
        "authCode",
        "Secret",
        "session_key",
        "code_verifier",
        "access%5Ftoken",
    ],
)
def test_secret_parameters_are_masked(name: str) -> None:
    assert redact_query(f"a=1&{name}={SECRET}&openid=o1") == f"a=1&{name}=[redacted]&openid=o1"


def test_other_parameters_stay() -> None:
    query = "signature=0a1b&msg_signature=2c&timestamp=1780000000&nonce=5&openid=oABC&flag&=&x=%E4%BD%A0"
    assert redact_query(query) == query
    assert redact_query("") == ""


@pytest.mark.parametrize(
    "text",
    [
        f"GET /oauth/wechat/callback?code={SECRET}&state=1 HTTP/1.1",
        f"https://api.example/t?appid=1&secret={SECRET}",
        f'{{"access_token":"{SECRET}","expires_in":7200}}',
        f'{{"a": {{"refresh_token" : "{SECRET}"}}}}',
        f"{{'client_secret': '{SECRET}'}}",
        f'{{\\"session_key\\":\\"{SECRET}\\"}}',
        f"{{'token': b'{SECRET}'}}",
        f"Authorization: Bearer {SECRET}",
        f"authorization: {SECRET}",
        f"Cookie: a={SECRET}; b={SECRET}",
        f"header was Bearer {SECRET}",
        f"next=%2Fcb%3Fcode%3D{SECRET}%26x%3D1",
        f"postgresql+psycopg://user:{SECRET}@localhost/callgate",
        f"amqp://guest:{SECRET}@rabbit:5672//",
        f"whsec_{SECRET}",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{SECRET}",
        f"x_access_token={SECRET}",
        f"ADMIN_PASSWORD={SECRET}",
        f"参数code={SECRET}",
        f"13912345678code={SECRET}",
    ],
)
def test_secrets_leave_a_text(text: str) -> None:
    assert SECRET not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "13912345678",
        "请拨打13912345678。",
        "phone13912345678",
        "mobile=13912345678&x",
        "+8613912345678",
        "+86 139 1234 5678",
        "139-1234-5678",
        "008613912345678",
        "%2B8613912345678",
        '{"mobile":"13912345678"}',
    ],
)
def test_phone_numbers_leave_a_text(text: str) -> None:
    assert "1234" not in redact_text(text)
    assert "[phone]" in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "zhang.san+x@example.com",
        "邮箱zhang@example.com.cn，谢谢",
        "a%40example.com",
        "<a@b.co>",
        "张三@例子.公司",
    ],
)
def test_mail_addresses_leave_a_text(text: str) -> None:
    assert "[email]" in redact_text(text)
    assert "example" not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "1780000000",
        "1780000000123",
        "order 2026052013912345678000",
        "0193a13912345678b0193aabbccddeef",
        "oABCdef123_-",
        "signature=abc",
        '{"code":99991663,"msg":"token expired"}',
        "a @ b",
        "event_type=user_authorized status=200",
        "",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert redact_text(text) == text


PIECES = st.sampled_from(
    [
        "code=",
        "token",
        "secret",
        '"',
        "'",
        ":",
        "=",
        "&",
        "%3D",
        "%26",
        "Bearer ",
        "13912345678",
        "+86",
        "@",
        ".com",
        "eyJ",
        ".",
        "whsec_",
        "://",
        "\\",
        "[",
        "]",
        " ",
        "a",
        "1",
        "Cookie: ",
        "\n",
        "[redacted]",
        "-",
        "_",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once
    assert redact_query(redact_query(text)) == redact_query(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "a.",
        "-",
        "@",
        "a@",
        "a=",
        "code=",
        "eyJ",
        "eyJa.",
        "://",
        "://a",
        "bearer ",
        '"',
        '"a":',
        "\\",
        "%3D",
        " ",
        "13912345678",
        "+86",
        "'code':'",
        "cookie:",
        "\n",
        "%",
        "%25",
        "a%40",
        "whsec_",
        "é",
        "\t",
    ],
)
def test_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    started = time.thread_time()
    redact_text(piece * (300_000 // len(piece)))
    redact_query(piece * (300_000 // len(piece)))
    assert time.thread_time() - started < 2


def event(**fields: Any) -> dict[str, Any]:
    return dict(redact_event(None, "info", dict(fields)))


def test_a_log_event_is_redacted_all_the_way_down() -> None:
    found = event(
        event=f"calling ?secret={SECRET}",
        access_token=SECRET,
        nested={"client_secret": SECRET, "list": [{"cookie": SECRET}, f"Bearer {SECRET}"]},
        headers=(("Authorization", SECRET), ("X-A", "1")),
        query_string=f"code={SECRET}&a=1",
        phone=13912345678,
        raw=f"token={SECRET}".encode(),
        error=ValueError(f"password={SECRET}"),
        exception=f"Traceback …\n  url=https://x/?code={SECRET}",
    )
    assert SECRET not in str(found)
    assert "13912345678" not in str(found)
    assert ("X-A", "1") in found["headers"]


def test_the_fields_operators_need_stay() -> None:
    now = datetime.now(UTC)
    fields: dict[str, Any] = {
        "event": "event_stored",
        "code": "bad_signature",
        "state": "succeeded",
        "key": "evt_1",
        "event_id": "0193a13912345678b0193aabbccddeef",
        "status": 200,
        "attempt_number": 3,
        "at": now,
        "ok": True,
        "none": None,
        "open_id": "oABC",
    }
    assert event(**fields) == fields


@pytest.mark.parametrize(
    ("name", "value"), [("code", "4/0AX4XfWh"), ("state", "dGVzdA123"), ("ticket", "gQH47j")]
)
def test_login_values_are_masked_under_ambiguous_names(name: str, value: str) -> None:
    assert event(**{name: value}) == {name: "[redacted]"}


def test_a_structure_without_end_is_cut() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert "[redacted]" in str(event(loop=loop))


def test_it_works_as_a_structlog_processor() -> None:
    lines: list[str] = []

    def remember(_logger: Any, _name: str, fields: Any) -> Any:
        lines.append(str(fields))
        raise structlog.DropEvent

    structlog.wrap_logger(structlog.PrintLogger(), processors=[redact_event, remember]).info(
        "login", access_token=SECRET
    )
    assert lines == [str({"access_token": "[redacted]", "event": "login"})]
