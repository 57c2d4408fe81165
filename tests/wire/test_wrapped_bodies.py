"""Bodies within bodies: read exactly, bounded, and refused with a ValueError whatever the bytes."""

from __future__ import annotations

import base64
import gzip
import zlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wire.wrapped_bodies import form_field, from_base64, gunzip, json_text


def test_a_form_field_is_returned_as_its_bytes() -> None:
    assert (
        form_field(urlencode({"a": "1", "payload": '{"x":"é+ "}'}).encode(), "payload")
        == '{"x":"é+ "}'.encode()
    )


@pytest.mark.parametrize("body", [b"payload=1&payload=2", b"other=1", b"", b"&".join([b"a=1"] * 1001)])
def test_a_form_without_exactly_one_such_field_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="form"):
        form_field(body, "payload")


def test_text_within_json_is_returned_as_its_bytes() -> None:
    assert json_text(b'{"Message":"{\\"a\\":1}"}', "Message") == b'{"a":1}'


@pytest.mark.parametrize("body", [b'{"Message":{}}', b"{}", b"[]", b"text"])
def test_what_is_no_text_within_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_text(body, "Message")


def test_gzip_is_unpacked() -> None:
    assert gunzip(gzip.compress(b"hello"), limit=5) == b"hello"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ValueError, match="larger"):
        gunzip(gzip.compress(b"\0" * 10_000_000), limit=1000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        gzip.compress(b"hello", mtime=0)[:-3],
        gzip.compress(b"a", mtime=0) + b"tail",
        zlib.compress(b"hello"),
        b"\x1f\x8b",
    ],
    ids=["empty", "cut", "followed", "zlib", "head only"],
)
def test_gzip_that_is_cut_followed_or_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"gzip|cut short"):
        gunzip(body, limit=100)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_only_a_value_error_comes_out(body: bytes) -> None:
    for unwrap in (
        lambda: form_field(body, "payload"),
        lambda: json_text(body, "Message"),
        lambda: from_base64(body),
        lambda: gunzip(body, limit=100),
    ):
        try:
            unwrap()
        except ValueError:
            continue


@given(st.binary(max_size=100))
def test_base64_comes_back_as_it_was(content: bytes) -> None:
    assert from_base64(base64.b64encode(content)) == content
