"""Every reason that the code can give for a refusal has a cause and a cure, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from app.pipeline.operators.cure_table import OF_REASONS
from app.pipeline.operators.cure_words import (
    BODY_CHANGED,
    COMPRESSED,
    CUT_OFF,
    ODD_CONTENT,
    OTHER_ID,
    WRONG_SIGNATURE,
)
from app.pipeline.operators.cures import CURES, FORMS, NOBODY_MEANT, cure_for, filled
from tests.architecture.source import modules, tree

RAISED = ("VerificationError", "PayloadError")
HANDED_ON = {
    ("app/platforms/callback/bearer.py", "reason"): {
        "token_expired", "token_not_yet_valid", "token_from_the_future",
    },
    ("app/platforms/feishu/messages.py", "reason"): {"missing_event_type"},
    ("app/wire/header_values.py", "missing"): {"missing_signature_header"},
    ("app/wire/header_values.py", "too_long"): {"bad_signature_header"},
    ("app/wire/key_addresses.py", "self.refusal"): {"key_address_not_allowed"},
    ("app/wire/signed_tokens.py", "reason"): {"wrong_audience", "wrong_email", "wrong_issuer"},
}  # fmt: skip
"""Functions that are given the reason, and the words that they are given. A new one is entered here."""

AT_THE_DOOR = {
    "address_not_allowed", "body_changed", "body_too_large", "body_too_slow", "channel_disabled", "headers_too_large",
    "method_not_allowed", "rate_limited", "truncated_body", "unknown_channel", "unknown_event_type", "unknown_version",
}  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@cache
def refusals() -> tuple[tuple[str, ast.expr], ...]:
    """Return the file and the first argument of each refusal that the code makes."""
    return tuple(
        (path.as_posix(), node.args[0])
        for path in modules("app")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and node.args
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in RAISED
    )


def every_word() -> Iterator[str]:
    yield from (str(each.value) for _, each in refusals() if isinstance(each, ast.Constant))
    yield from AT_THE_DOOR
    for words in HANDED_ON.values():
        yield from words


def test_every_reason_has_a_cure_of_its_own() -> None:
    words = set(every_word())
    assert len(words) > 130
    assert [word for word in sorted(words) if cure_for(word) is NOBODY_MEANT] == []


def test_a_reason_that_is_handed_on_is_known_by_its_words() -> None:
    elsewhere = {
        (path, ast.unparse(each))
        for path, each in refusals()
        if not isinstance(each, ast.Constant | ast.JoinedStr)
    }
    assert elsewhere - {("app/core/errors.py", "reason")} == HANDED_ON.keys()


def test_a_reason_that_holds_a_fields_name_begins_as_a_form_does() -> None:
    starts = {
        str(getattr(each.values[0], "value", "")) for _, each in refusals() if isinstance(each, ast.JoinedStr)
    }
    assert starts == {start for start, _ in FORMS}


def test_no_cure_is_for_a_reason_that_nobody_gives() -> None:
    assert CURES.keys() <= set(every_word())


def test_no_reason_stands_twice_in_the_table() -> None:
    words = [word for _, reasons in OF_REASONS for word in reasons.split()]
    assert sorted(words) == sorted(set(words))


def test_each_cure_is_told_in_both_languages() -> None:
    every = [words for cure in (*CURES.values(), NOBODY_MEANT, ODD_CONTENT) for words in cure]
    assert [each for each in every if CHINESE.search(each.english) or not each.english.endswith(".")] == []
    assert [
        each for each in every if not CHINESE.search(each.chinese) or not each.chinese.endswith("。")
    ] == []
    assert [each for each in every if each.english.count("{keys}") != each.chinese.count("{keys}")] == []


def test_a_field_that_differs_is_about_another_account_and_a_missing_one_about_the_content() -> None:
    assert cure_for("wrong_mch_id") is OTHER_ID
    assert cure_for("missing_MsgId") is ODD_CONTENT
    assert cure_for("never_heard_of") is NOBODY_MEANT


@pytest.mark.parametrize(
    ("headers", "length", "cure"),
    [
        ([["Content-Length", "100"]], 100, WRONG_SIGNATURE),
        ([["content-length", "100"]], 98, CUT_OFF),
        ([["Content-Encoding", "br"], ["Content-Length", "100"]], 100, COMPRESSED),
        ([["Content-Encoding", "identity"]], 100, WRONG_SIGNATURE),
        ([["Content-Length", "many"]], 100, WRONG_SIGNATURE),
        ([], 0, WRONG_SIGNATURE),
    ],
)
def test_headers_tell_a_body_that_was_changed(headers: list[list[str]], length: int, cure: object) -> None:
    assert cure_for("bad_signature", headers, length) is cure
    assert cure_for("body_changed", headers, length) is BODY_CHANGED


def test_keys_and_address_stand_in_the_sentence() -> None:
    said = filled(WRONG_SIGNATURE.cause, keys=["token", "encoding_aes_key"], address="https://gate.example/w")
    assert "`token`, `encoding_aes_key` here" in said.english
    assert "`token`、`encoding_aes_key`" in said.chinese
    assert "the keys" in filled(WRONG_SIGNATURE.cause, keys=[], address="").english
