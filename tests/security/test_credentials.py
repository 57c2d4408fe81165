"""Credentials leave a request by the name of their place; everything else stays, byte for byte."""

from __future__ import annotations

import time

import pytest

from app.core.values import CredentialPlaces
from app.security import credentials
from app.security.credentials import head_is_plain, mask_fields, mask_head, mask_raw_text
from app.security.redaction import MASK

NONE = CredentialPlaces()
OWN = CredentialPlaces(frozenset({"x-pass"}), frozenset({"p"}), ("auth.word",))
PLAIN_HEADERS = (
    ("Host", "gateway.example"),
    ("Content-Type", "application/json"),
    ("X-Signature", "sha256=" + "0" * 64),
    ("webhook-signature", "v1,abc"),
    ("X-Lark-Request-Nonce", "123456"),
    ("X-Timestamp", "1763640000"),
    ("X-Event-Type", "a.b"),
)
WECHAT_QUERY = "signature=0a1b&timestamp=1700000000&nonce=12345&openid=oABC&encrypt_type=aes&msg_signature=9f"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "AUTHORIZATION", "Proxy-Authorization", "X-Forwarded-Authorization", "Cookie", "Set-Cookie",
        "X-Token", "x-gitlab-token", "X-Telegram-Bot-Api-Secret-Token", "X-Api-Key", "X-Hook-Secret", "Token", "X-" + "a" * 90 + "-Token",
    ],
)  # fmt: skip
def test_headers_that_hold_a_credential_are_masked_on_every_platform(name: str) -> None:
    headers = (("Host", "h"), (name, "abc"))
    assert not head_is_plain(headers, "", NONE)
    head = mask_head(headers, "", NONE)
    assert head.headers == (("Host", "h"), (name, MASK))
    assert head.masked == (f"header:{name}"[:64],)


@pytest.mark.parametrize(
    "part",
    [
        "token=abc",
        "access_token=abc",
        "TOKEN=abc",
        "%74oken=abc",
        "key=abc",
        "client-secret=abc",
        "secretKey=abc",
        "client_assertion=abc",
        "jwt=abc",
    ],
)
def test_parameters_that_hold_a_credential_are_masked_on_every_platform(part: str) -> None:
    query = f"a=1&{part}&b=token"
    assert not head_is_plain((), query, NONE)
    assert mask_head((), query, NONE).query_string == f"a=1&{part.partition('=')[0]}={MASK}&b=token"


def test_proofs_stay_and_the_very_same_objects_come_back() -> None:
    assert head_is_plain(PLAIN_HEADERS, WECHAT_QUERY, NONE)
    head = mask_head(PLAIN_HEADERS, WECHAT_QUERY, NONE)
    assert head.headers is PLAIN_HEADERS
    assert head.query_string is WECHAT_QUERY
    assert head.masked == ()


@pytest.mark.parametrize("query", ["token=", "token", f"token={MASK}", "&&", "="])
def test_a_parameter_without_a_value_is_left_alone(query: str) -> None:
    assert mask_head((), query, NONE).masked == ()


def test_names_of_a_platform_are_masked_besides() -> None:
    headers = (("X-Pass", "abc"), ("x-pass", "def"))
    assert not head_is_plain(headers, "", OWN)
    head = mask_head(headers, "p=1&q=2", OWN)
    assert head.headers == (("X-Pass", MASK), ("x-pass", MASK))
    assert head.query_string == f"p={MASK}&q=2"
    assert head.masked == ("header:X-Pass", "header:x-pass", "query:p")


@pytest.mark.parametrize("name", ["X-Original-URI", "Referer", "X-Forwarded-Uri"])
def test_what_a_proxy_repeats_of_the_address_is_masked_too(name: str) -> None:
    headers = ((name, "/webhooks/shop?token=abc%2Bdefgh"), ("X-Decoded", "abc+defgh"))
    head = mask_head(headers, "token=abc%2Bdefgh", NONE)
    assert head.headers == ((name, f"/webhooks/shop?token={MASK}"), ("X-Decoded", MASK))
    assert head.masked == (f"header:{name}", "header:X-Decoded", "query:token")


def test_a_short_value_is_not_looked_for_elsewhere() -> None:
    head = mask_head((("X-Token", "1234"), ("X-Count", "1234")), "n=1234", NONE)
    assert head.headers[1] == ("X-Count", "1234")
    assert head.query_string == "n=1234"


def test_masking_twice_changes_nothing() -> None:
    head = mask_head((("X-Token", "abcdefghij"),), "token=abcdefghij", NONE)
    again = mask_head(head.headers, head.query_string, NONE)
    assert again.headers is head.headers
    assert again.masked == ()


def test_what_is_told_is_bounded_and_can_be_stored() -> None:
    query = "&".join(f"{number}\x00{'n' * 200}token=x" for number in range(5_000))
    told = mask_head((), query, NONE).masked
    assert len(told) == credentials.MOST_TOLD
    assert all(len(name) <= 64 and "\x00" not in name for name in told)


def test_few_names_from_outside_are_remembered_and_no_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: set[str] = set()
    monkeypatch.setattr(credentials, "_PLAIN_HEADERS", remembered)
    assert head_is_plain(tuple((f"X-{number}", "v") for number in range(5_000)), "", NONE)
    assert head_is_plain((("X-" + "y" * 100, "v"),), "", NONE)
    assert len(remembered) == credentials.NAMES_REMEMBERED
    assert max(map(len, remembered)) < 64


def test_a_field_is_masked_at_its_path_and_what_it_was_copied_from_stays() -> None:
    data = {"auth": {"word": "abc", "kind": "x"}, "word": "abc", "list": [1]}
    masked, told = mask_fields(data, OWN.fields)
    assert masked == {"auth": {"word": MASK, "kind": "x"}, "word": "abc", "list": [1]}
    assert told == ("data:auth.word",)
    assert data["auth"] == {"word": "abc", "kind": "x"}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"auth": None},
        {"auth": "text"},
        {"auth": {}},
        {"auth": {"word": None}},
        {"auth": {"word": MASK}},
        {"auth": [1]},
    ],
)
def test_data_without_the_field_come_back_as_they_are(data: dict[str, object]) -> None:
    masked, told = mask_fields(data, OWN.fields)
    assert masked is data
    assert told == ()


@pytest.mark.parametrize("value", [12345, ["a"], {"a": 1}, True], ids=str)
def test_a_field_of_another_kind_is_masked_as_well(value: object) -> None:
    assert mask_fields({"auth": {"word": value}}, OWN.fields)[0] == {"auth": {"word": MASK}}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'{"header":{"token":"abc"},"a":1}', b'{"header":{"token":"[redacted]"},"a":1}'),
        (b'{"token":"abc', b'{"token":"[redacted]'),
        (b"a=1&token=abc&b=2", b"a=1&token=[redacted]&b=2"),
        (b"<xml><Token><![CDATA[abc]]></Token><A>1</A></xml>", b"<xml><Token><![CDATA[[redacted]]]></Token><A>1</A></xml>"),
        (b"<token> abc </token>", b"<token> [redacted]</token>"),
        (b'{"auth":{"word":"abc"}}', b'{"auth":{"word":"[redacted]"}}'),
        (b"\xff\xfe\x00 word=abc \x80", b"\xff\xfe\x00 word=[redacted] \x80"),
    ],
)  # fmt: skip
def test_a_body_that_nobody_could_read_loses_what_looks_like_a_credential(raw: bytes, kept: bytes) -> None:
    assert mask_raw_text(raw, OWN) == kept
    assert mask_raw_text(kept, OWN) == kept


@pytest.mark.parametrize(
    "raw",
    [
        b'{"event_id":"1","data":{"a":[1,2]}}',
        b"\x1f\x8b\x08\x00\xff",
        b"<xml><Content>13800138000 a@b.cn</Content></xml>",
        b"",
    ],
)
def test_a_body_without_a_credential_stays_byte_for_byte(raw: bytes) -> None:
    assert mask_raw_text(raw, OWN) == raw


def test_a_copy_of_a_credential_elsewhere_in_the_query_is_masked_and_told() -> None:
    head = mask_head((("X-Token", "abcdefghij"),), "a=abcdefghij&b=1", NONE)
    assert head.query_string == f"a={MASK}&b=1"
    assert head.masked == ("header:X-Token", "query")


@pytest.mark.parametrize(
    "query",
    ["token=abcdefgh&" * 4_000, "&".join(f"token=abcdefgh{n}" for n in range(2_500)), "&" * 60_000, "".join(f"n{n}&" for n in range(8_000))],
    ids=["copies", "values", "separators", "names"],
)  # fmt: skip
def test_masking_takes_time_in_step_with_the_query(query: str) -> None:
    headers = tuple((f"X-{number}-Token", "v" * 400 + str(number)) for number in range(80))
    started = time.thread_time()
    mask_head(headers, query, NONE)
    assert time.thread_time() - started < 1
