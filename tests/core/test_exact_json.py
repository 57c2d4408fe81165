"""JSON keeps its digits and its text on the way in and out, whatever the fast library thinks of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.exact_json import DEEPEST, read_json, write_json, write_result
from app.security.strict_json import parse_json_exactly, parse_json_object

LONG = [
    2**64, 2**64 + 1, -(2**63) - 1, 10**19, 123456789012345678901234567890, -(10**400), 10**4299,
]  # fmt: skip
FIRST_HALF, SECOND_HALF = "\ud83d", "\ude00"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("number", [*LONG, 2**63, 2**64 - 1, -(2**63), 0, 19])
def test_whole_numbers_of_any_size_are_read_exactly(number: int) -> None:
    assert read_json(f'{{"a":[{number}]}}'.encode()) == {"a": [number]}


@pytest.mark.parametrize("number", LONG)
def test_whole_numbers_of_any_size_are_written_exactly(number: int) -> None:
    assert write_json({"ä": [number]}) == f'{{"ä":[{number}]}}'.encode()


@given(values)
def test_what_is_written_is_read_again_as_it_was(value: Any) -> None:
    assert read_json(write_json(value)) == value


@given(values)
def test_the_exact_way_reads_what_the_fast_way_reads(value: Any) -> None:
    text = json.dumps({"long": 2**70, "value": value})
    assert read_json(text.encode()) == {"long": 2**70, "value": value}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r'{"a":"cut \ud83d"}', "cut \ufffd"),
        (r'{"a":"\ude00 cut"}', "\ufffd cut"),
        (r'{"a":"\uD83D\uD83D\uDE00"}', "\ufffd\U0001f600"),
        (r'{"a":"\ud83d\ude00"}', "\U0001f600"),
        (r'{"a":"\\ud83d"}', r"\ud83d"),
        (r'{"a":"\\\ud83d"}', "\\\ufffd"),
        (r'{"a":"\ud83dA"}', "\ufffdA"),
        (r'{"a":"\ud83d\u0041"}', "\ufffdA"),
    ],
)
@pytest.mark.parametrize("parse", [read_json, parse_json_object, parse_json_exactly])
def test_half_a_character_is_replaced_and_whole_ones_stay(parse: Any, text: str, meant: str) -> None:
    assert parse(text.encode()) == {"a": meant}
    longer = text.replace("}", ',"b":18446744073709551617}')
    assert parse(longer.encode()) == {"a": meant, "b": 2**64 + 1}


def test_half_a_character_in_a_name_is_replaced_too() -> None:
    assert parse_json_object(rb'{"\ud83d":1}') == {"\ufffd": 1}


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b'{"a":01234567890123456789012}', b'{"a":18446744073709551617,}', b'{"a":NaN}',
        b'{"a":18446744073709551617,"b":NaN}', b'{"a":18446744073709551617,"b":Infinity}',
        b'{"a":18446744073709551617,"b":1e400}', b'{"a":1e400}', b'{"a":-18446744073709551617,"b":-1e999}',
        b'\xef\xbb\xbf{"a":18446744073709551617}', b'{"a":18446744073709551617,"b":"\xff"}',
        b'{"a":18446744073709551617,"b":"\x01"}', b'{"a":18446744073709551617}x', b'{"a":"\xed\xa0\xbd"}',
        b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\\ud83d}', b'{"a":\\ud83d}', b'{"a":18446744073709551617 "b"}',
        "{\"a\":１２３４５６７８９０１２３４５６７８９０１}".encode(),
    ],
)  # fmt: skip
def test_what_is_no_json_stays_refused(text: bytes) -> None:
    for parse in (parse_json_object, parse_json_exactly):
        with pytest.raises(ValueError, match=r"."):
            parse(text)


def test_deep_nesting_stays_refused_beside_a_long_number() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json_object(b'{"n":18446744073709551617,"a":' + b"[" * 5000 + b"]" * 5000 + b"}")


def test_a_refusal_does_not_repeat_the_content() -> None:
    with pytest.raises(ValueError, match="digits") as caught:
        parse_json_object(b'{"a":' + b"9" * 5000 + b"}")
    assert "99" not in str(caught.value)


@dataclass
class Total:
    """A value as handlers have them."""

    amount: int
    at: datetime


class Unwritable:
    """An object that cannot even say its name."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def written(value: Any) -> tuple[Any, tuple[str, ...]]:
    result = write_result(value)
    return read_json(result.raw), result.left_out


def test_a_result_with_a_long_number_is_kept_whole() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    kept, left_out = written({"total": Total(2**70, moment), 7: (2**70, "x"), "at": moment})
    at = "2026-01-02T00:00:00+00:00"
    assert kept == {"total": {"amount": 2**70, "at": at}, "7": [2**70, "x"], "at": at}
    assert left_out == ()


def test_what_json_cannot_say_is_null_and_named() -> None:
    kept, left_out = written({"ok": 1, "bad": [Unwritable(), float("nan")], "huge": 10**5000})
    assert kept == {"ok": 1, "bad": [None, None], "huge": None}
    assert left_out == ("$.bad[0]", "$.bad[1]", "$.huge")


def test_a_number_that_is_none_is_named_although_the_fast_way_writes_it() -> None:
    assert written({"rate": float("inf"), "none": None}) == ({"rate": None, "none": None}, ("$.rate",))


def test_a_result_that_holds_itself_or_is_very_deep_is_cut_there() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert written(ring) == ([1, None], ("$[1]",))
    deep: Any = 1
    for _ in range(DEEPEST * 4):
        deep = [deep]
    assert written(deep)[1] != ()


def test_half_a_character_in_a_result_is_replaced() -> None:
    assert written({f"n{FIRST_HALF}": f"x{SECOND_HALF}"})[0] == {"n\ufffd": "x\ufffd"}


@pytest.mark.parametrize("value", [None, "text", 1, [1, None], {"a": None}, {1, 2}])
def test_usual_results_are_kept_without_a_word(value: Any) -> None:
    assert write_result(value).left_out == ()
