"""Trees and bodies as pages show them: bounded, masked, and never bytes that are no text."""

from __future__ import annotations

from typing import Any

import pytest

from app.security.redaction import MASK, PHONE_MASK
from app.web.console.bodies import (
    LONGEST_VALUE,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_NODES,
    MOST_OF_ONE,
    Node,
    raw_of,
    tree_of,
)
from tests.odd_text import ODD_TEXTS


def count(nodes: tuple[Node, ...]) -> int:
    return sum(1 + count(node.children) for node in nodes)


def depth(nodes: tuple[Node, ...]) -> int:
    return max((1 + depth(node.children) for node in nodes), default=0)


def test_each_kind_of_value_has_its_line() -> None:
    tree = tree_of({"a": "text", "b": 1, "c": None, "d": True, "e": {"f": [1.5]}, "g": {}})
    assert [(node.name, node.kind, node.text) for node in tree] == [
        ("a", "text", "text"),
        ("b", "number", "1"),
        ("c", "word", "null"),
        ("d", "word", "true"),
        ("e", "object", ""),
        ("g", "object", ""),
    ]
    assert tree[4].children[0].children[0] == Node("0", "number", "1.5")


@pytest.mark.parametrize("value", [[], {}, "text", 7, None])
def test_a_value_without_members_is_one_line(value: Any) -> None:
    assert count(tree_of(value)) == 1


def test_what_a_name_or_a_value_gives_away_is_masked() -> None:
    tree = tree_of({"password": "x1", "token": {"inside": "x2"}, "phone": "13812345678", "tel": 13812345678})
    assert [node.text for node in tree] == [MASK, MASK, PHONE_MASK, PHONE_MASK]


def test_a_tree_has_an_end_in_every_direction() -> None:
    wide = tree_of({str(number): [[1] * 300] * 300 for number in range(300)})
    assert len(wide) <= MOST_OF_ONE
    assert count(wide) <= MOST_NODES
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert depth(tree_of(deep)) == MOST_DEPTH
    (long,) = tree_of(["x" * 1_000_000])
    assert len(long.text) == LONGEST_VALUE + 1
    (number,) = tree_of([10**50_000])
    assert len(number.text) <= LONGEST_VALUE


def test_what_is_left_out_is_counted() -> None:
    (list_,) = tree_of({"wide": list(range(1000))})
    assert (list_.size, list_.left_out) == (1000, 1000 - MOST_OF_ONE)


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_text_is_shown_as_it_may_be(name: str) -> None:
    (node,) = tree_of({ODD_TEXTS[name]: ODD_TEXTS[name]})
    for text in (node.name, node.text):
        text.encode()
        assert not any(letter in text for letter in "\x00\x1b\u202e")


def test_a_body_of_text_is_cut_between_letters() -> None:
    raw = raw_of("界".encode() * MOST_BYTES)
    assert raw.is_text
    assert raw.text == "界" * (MOST_BYTES // 3)
    assert raw.length == 3 * MOST_BYTES


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a\x00b", b"\x89PNG" * 10_000, b"cut" + b"\xe7\x95"])
def test_a_body_that_is_no_text_is_shown_in_hexadecimal(body: bytes) -> None:
    raw = raw_of(body)
    assert not raw.is_text
    assert raw.text.startswith(body[:16].hex(" "))
    assert raw.length == len(body)
    assert len(raw.text) < 2000


def test_a_body_without_bytes_has_the_length_that_was_told() -> None:
    assert raw_of(b"", 12).length == 12
