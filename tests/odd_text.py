"""Text that databases treat differently: too long, half characters, NUL, four bytes a character, bytes that are no UTF-8."""

from __future__ import annotations

ODD_TEXTS = {
    "long": "x" * 100_000,
    "one too many": "x" * 256,
    "four bytes each": "\U0001f600" * 300,
    "half a character": "cut \ud83d",
    "the other half": "\ude00 cut",
    "an escaped byte": "caf\udce9",
    "nul": "a\x00b",
    "only nul": "\x00",
    "control characters": "\x01\x07\x1b[31m\r\n\x7f\x85",
    "right to left": "\u202eabc \u05d0\u05d1\u05d2\u2066",
    "combining": "e" + "\u0301" * 400,
    "no characters": "\uffff\ufffe\U0010ffff",
    "bytes as letters": bytes(range(128, 256)).decode("latin-1"),
    "quotes": "' \" \\ %s %(x)s {} {0} :name ? $1 -- ;",
    "blanks": "  trailing and leading  ",
    "empty": "",
}
