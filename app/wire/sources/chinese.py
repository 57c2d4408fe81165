"""The blanks of Chinese text: one between Chinese and Latin letters or code, none between Chinese words. For the set-up pages."""

from __future__ import annotations

import re

CODE = re.compile(r"`[^`]*`")
HOLE = "\x00"
AFTER_CHINESE = re.compile("([\u4e00-\u9fff])([A-Za-z0-9\x00])")
BEFORE_CHINESE = re.compile("([A-Za-z0-9\x00])([\u4e00-\u9fff])")
NEEDLESS = re.compile(
    "(?<=[\u4e00-\u9fff，。；：、）（])[ ]+(?=[\u4e00-\u9fff，。；：、（）\x00])|(?<=\x00)[ ]+(?=[，。；：、）（])"
)


def spaced(text: str) -> str:
    """Return a line with its blanks as they are usual; what stands in code stays as it is."""
    codes = iter(CODE.findall(text))
    plain = NEEDLESS.sub("", CODE.sub(HOLE, text))
    plain = BEFORE_CHINESE.sub(r"\1 \2", AFTER_CHINESE.sub(r"\1 \2", plain))
    return "".join(next(codes) if part == HOLE else part for part in plain)
