"""From the reason of a refusal to its cause and cure, for whoever looks at a channel that does not work. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.pipeline.operators.cure_table import OF_REASONS
from app.pipeline.operators.cure_words import (
    COMPRESSED,
    CUT_OFF,
    ODD_CONTENT,
    OTHER_ID,
    UNREADABLE,
    WRONG_SIGNATURE,
    Cure,
    Words,
)

CURES: Mapping[str, Cure] = {reason: cure for cure, reasons in OF_REASONS for reason in reasons.split()}
FORMS: tuple[tuple[str, Cure], ...] = (
    ("wrong_", OTHER_ID),
    ("missing_", ODD_CONTENT),
    ("bad_", ODD_CONTENT),
)
"""Reasons that are made with the name of a field, by their beginning; what stands in CURES comes first."""

NOBODY_MEANT = Cure(
    Words("The request was refused; the sentence above says why.", "请求被拒绝；原因见上面的说明。"),
    Words(
        "Look at the evidence under Rejections; the same trace id stands in the log.",
        "请查看拒绝记录中的证据；日志里有相同的追踪编号。",
    ),
)
ABOUT_BYTES = frozenset({WRONG_SIGNATURE, UNREADABLE})
"""Where the body itself may be at fault, which its headers may tell."""

NO_KEYS = Words("the keys", "密钥")


def cure_for(reason: str, headers: Sequence[Sequence[str]] = (), body_length: int = 0) -> Cure:
    """Return what a reason means and what helps; `headers` and the length of the body tell a body that was changed on its way."""
    found = CURES.get(reason) or next(
        (cure for start, cure in FORMS if reason.startswith(start)), NOBODY_MEANT
    )
    return found if found not in ABOUT_BYTES else _of_body(headers, body_length) or found


def _of_body(headers: Sequence[Sequence[str]], body_length: int) -> Cure | None:
    named = {pair[0].lower(): pair[1].strip().lower() for pair in headers}
    if named.get("content-encoding", "identity") not in ("", "identity"):
        return COMPRESSED
    length = named.get("content-length", "")
    return CUT_OFF if length.isdecimal() and length != str(body_length) else None


def filled(words: Words, *, keys: Sequence[str], address: str) -> Words:
    """Return a sentence with the names of the keys and the address put in."""
    names = ", ".join(f"`{name}`" for name in keys), "、".join(f"`{name}`" for name in keys)
    shown = Words(names[0] or NO_KEYS.english, names[1] or NO_KEYS.chinese)
    return Words(
        words.english.replace("{keys}", shown.english).replace("{address}", address),
        words.chinese.replace("{keys}", shown.chinese).replace("{address}", address),
    )
