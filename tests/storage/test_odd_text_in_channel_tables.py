"""Whatever text comes is stored or replaced in the tables about channels, on every database alike."""

from __future__ import annotations

from app.pipeline.services import Services
from app.storage.channel_checks import PassedCheck, insert_check, list_checks
from app.storage.channel_overrides import Override, list_overrides, write_override
from app.storage.shared_notes import Note, claim_note, find_note, write_note
from tests.builders import NOW
from tests.odd_text import ODD_TEXTS


def test_who_switched_a_channel_and_why(services: Services) -> None:
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            write_override(tx, Override("shop", enabled=False, actor=text, reason=text, at=NOW))
            assert set(list_overrides(tx)) == {"shop"}


def test_what_a_set_up_check_is_called(services: Services) -> None:
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            insert_check(tx, PassedCheck("shop", NOW, text, text, text))
            assert list_checks(tx, "shop")


def test_who_left_a_note(services: Services) -> None:
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            write_note(tx, Note("wish", text, NOW, text.encode("utf-8", "replace")))
            claim_note(tx, Note("wish:host", text, NOW))
            assert find_note(tx, "wish") is not None
