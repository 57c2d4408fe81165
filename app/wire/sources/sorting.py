"""Sorted fields as many platforms sign them: `{sorted:form;pair=k=v;join=&;drop=sign;drop_empty}`.

Names are sorted by their bytes, values are the decoded ones. A name that comes twice is refused unless `repeat` is said:
sender and receiver might pick different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from app.core.errors import VerificationError
from app.wire.sources.delivery import Delivery, Pairs, as_bytes
from app.wire.sources.places import Getter

FROM = ("form", "query", "params", "json", "xml")
OPTIONS = (
    "pair=k=v", "pair=kv", "join=…", "drop=a,b", "drop_empty", "repeat", "plus=name@place,…",
)  # fmt: skip


class _Rule(NamedTuple):
    source: str
    between: bytes
    join: bytes
    drop: frozenset[bytes]
    drop_empty: bool
    repeat: bool
    plus: tuple[tuple[bytes, Getter], ...] = ()


def compile_sorted(text: str, word: Callable[[str], Getter]) -> Getter:
    """Return what joins sorted fields; raises ValueError with the option at fault.

    `word` compiles what `plus` adds: fields that are signed among the others and stand elsewhere.
    """
    source, *options = text.split(";")
    if source not in FROM:
        raise ValueError(f"sorted:{source} is not known; sorted are {', '.join(FROM)}")
    rule = _Rule(source, b"=", b"&", frozenset(), drop_empty=False, repeat=False)
    for option in options:
        rule = _with_plus(rule, option, word) if option.startswith("plus=") else _with_option(rule, option)
    return partial(_joined, rule)


def _with_plus(rule: _Rule, option: str, word: Callable[[str], Getter]) -> _Rule:
    added = []
    for each in option.removeprefix("plus=").split(","):
        name, at, place = each.partition("@")
        if not name or not at:
            raise ValueError(f"{option!r} must read plus=name@place")
        added.append((name.encode("utf-8"), word(place)))
    return rule._replace(plus=tuple(added))


def _with_option(rule: _Rule, option: str) -> _Rule:
    name, _, value = option.partition("=")
    if option in ("pair=k=v", "pair=kv"):
        return rule._replace(between=b"=" if value == "k=v" else b"")
    if name == "join":
        return rule._replace(join=value.encode("utf-8"))
    if name == "drop" and value:
        return rule._replace(drop=frozenset(each.encode("utf-8") for each in value.split(",")))
    if option == "drop_empty":
        return rule._replace(drop_empty=True)
    if option == "repeat":
        return rule._replace(repeat=True)
    raise ValueError(f"{option!r} is no option of sorted; allowed are {'; '.join(OPTIONS)}")


def _joined(rule: _Rule, delivery: Delivery) -> bytes:
    pairs = [
        (name, value)
        for name, value in _pairs(rule.source, delivery)
        if name not in rule.drop and (value or not rule.drop_empty)
    ]
    for name, get in rule.plus:
        value = get(delivery)
        if value is None:
            raise VerificationError("missing_value", "A signed value is missing, or it is empty.")
        pairs.append((name, value))
    if rule.repeat:
        pairs = list(dict.fromkeys(pairs))
    elif len({name for name, _ in pairs}) != len(pairs):
        raise VerificationError("duplicate_parameter", "A signed field stands in the request twice.")
    return rule.join.join(name + rule.between + value for name, value in sorted(pairs))


def _pairs(source: str, delivery: Delivery) -> Pairs:
    if source == "form":
        return delivery.form
    if source == "query":
        return delivery.query
    if source == "params":
        return delivery.parameters
    tree = delivery.json if source == "json" else delivery.xml
    if not isinstance(tree, dict):
        raise VerificationError(
            "unreadable_body", "The body holds no named fields, and they are what is signed."
        )
    return [(name.encode("utf-8", "replace"), _text(value)) for name, value in tree.items()]


def _text(value: object) -> bytes:
    if value is None or value == "":
        return b""
    text = as_bytes(value)
    if text is None:
        raise VerificationError("unsigned_value", "A signed field is neither text nor a whole number.")
    return text


def compile_sorted_values(getters: Sequence[Getter]) -> Getter:
    """Return what sorts values by their bytes and joins them."""

    def joined(delivery: Delivery) -> bytes | None:
        values = [get(delivery) for get in getters]
        return None if None in values else b"".join(sorted(value for value in values if value is not None))

    return joined
