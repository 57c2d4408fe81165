"""What of a notification's form is signed, and its text once it is proven. Pure; how it is read is in app/wire/signed_forms.py.

Source: Alipay's page on asynchronous notifications (open/203/105286) and the verification code of its SDKs (read 2026-11-27).
Alipay signs the bytes in the notification's own charset. Libraries that decode a form as UTF-8 first lose every GBK notification,
so nothing is decoded before it is proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.wire.signed_forms import form_text, sorted_pairs

NOT_SIGNED: Final = frozenset({b"sign", b"sign_type"})
CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
}
"""gb18030 reads all that the two older ones can say."""


def signed_content(pairs: Mapping[bytes, bytes]) -> bytes:
    """Return what Alipay signs: every pair but two, unknown and empty ones too, sorted by name."""
    return sorted_pairs(pairs, without=NOT_SIGNED)


def read_text(pairs: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return the pairs as text in the charset they name (UTF-8 if none); raises ValueError."""
    charset = pairs.get(b"charset", b"utf-8").decode("ascii", "replace").lower()
    codec = CODECS.get(charset)
    if codec is None:
        raise ValueError(f"the charset {charset[:20]!r} is none of {', '.join(CODECS)}")
    try:
        return form_text(pairs, codec)
    except UnicodeDecodeError as error:
        raise ValueError(f"the bytes are no {charset}") from error
