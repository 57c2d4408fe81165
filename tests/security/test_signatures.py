"""Comparing secrets: on bytes, whatever text is given, and never equal to nothing."""

from __future__ import annotations

import pytest

from app.security.signatures import matching, same_secret
from tests.odd_text import ODD_TEXTS


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_no_text_from_outside_can_break_a_comparison(name: str) -> None:
    assert not same_secret(ODD_TEXTS[name], "secret")
    assert matching(ODD_TEXTS[name], ["other", "secret"]) is None


def test_text_and_bytes_of_one_secret_are_the_same() -> None:
    assert same_secret("caf\udce9", b"caf\xe9")
    assert same_secret("café", "café".encode())


def test_an_empty_secret_is_nobodys() -> None:
    assert not same_secret("", "")
