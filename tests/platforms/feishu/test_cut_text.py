"""Text that ends in half a character is taken from Feishu, encrypted or not, and numbers keep their digits."""

from __future__ import annotations

import pytest

from app.core.values import ParsedEvent
from tests.platforms.feishu.channel import NOW, connector, delivery, signed, v2_event
from tests.platforms.feishu.signing import compact, seal

CUT = (
    compact(v2_event({"text": "HALF", "number": "NUMBER"}))
    .replace(b"HALF", rb"cut \ud83d")
    .replace(b'"NUMBER"', b"18446744073709551617")
)


@pytest.mark.parametrize("sealed", [True, False])
def test_half_a_character_is_replaced_and_nobody_blames_the_secret(sealed: bool) -> None:
    keys = {} if sealed else {"encrypt_key": "", "allow_unsigned": True}
    source = connector(**keys)
    request = signed(seal(CUT)) if sealed else delivery(CUT)
    event: ParsedEvent = source.parse(request, source.verify(request, NOW))
    assert event.data["event"] == {"text": "cut \ufffd", "number": 2**64 + 1}
