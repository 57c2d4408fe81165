"""Whom an event is about, as our own formats say it."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.subjects import subject_of


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        ({"user_id": "u-1"}, "u-1"),
        ({"open_id": "o-1"}, "o-1"),
        ({"open_id": "o-1", "user_id": "u-1"}, "u-1"),
        ({"user_id": "", "open_id": "o-1"}, "o-1"),
        ({"user_id": 7, "open_id": "o-1"}, "o-1"),
        ({"user_id": "u\x00", "open_id": "o-1"}, "o-1"),
        ({"user_id": None, "open_id": ["o-1"]}, None),
        ({}, None),
        (["user_id"], None),
        ("user_id", None),
        (None, None),
    ],
)
def test_the_first_field_with_usable_text_names_the_subject(data: Any, subject: str | None) -> None:
    assert subject_of(data) == subject
