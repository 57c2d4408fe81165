"""Where a value stands, and templates that are filled with values: compiled once, then only looked up.

`user.id` is a path into an answer; `a|b` takes the first that is there; `user."https://x/y"` names a key with dots in it, a number
also a place in a list. `{name}` in a template is filled in; a template with an empty piece is nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from app.wire.oauth2 import at_path

Path = tuple[str, ...]
DIGITS = 400
"""Digits of a number that is taken as text; more are no id and no code."""

_MOST_STEPS = 12


class Values:
    """What is known at one moment of a login: texts by name, and answers by the call that gave them."""

    def __init__(self, texts: Mapping[str, str | None], answers: Mapping[str, Any] | None = None):
        self.texts = dict(texts)
        self.answers = dict(answers or {})

    def at(self, path: Path) -> Any:
        """Return what stands at a path, None when nothing does."""
        if len(path) == 1:
            return self.texts.get(path[0])
        return at_path(self.answers.get(path[0]), path[1:])


def as_text(value: object) -> str | None:
    """Return text or a whole number as exact text, true and false as such; None for everything else, empty text too."""
    if isinstance(value, bool):
        return str(value).lower()
    if type(value) is int:
        return str(value) if value.bit_length() < DIGITS else None
    return value if isinstance(value, str) and value else None


def split_path(text: str) -> Path:
    """Return the steps of one path; raises ValueError for one that makes no sense."""
    steps: list[str] = []
    rest = text.strip()
    while rest:
        if rest[0] == '"':
            step, quote, rest = rest[1:].partition('"')
            if not quote or (rest and not rest.startswith(".")):
                raise ValueError(f"{text!r}: a name in quotes must end before the next dot")
            steps.append(step)
            rest = rest[1:]
            continue
        step, dot, rest = rest.partition(".")
        steps.append(step)
        if dot and not rest:
            steps.append("")
    if not steps or not all(steps) or len(steps) > _MOST_STEPS:
        raise ValueError(f"{text!r} is no path such as data.user.id")
    return tuple(steps)


def alternatives(text: str) -> tuple[Path, ...]:
    """Return the paths of `a|b`; a `|` inside quotes is part of a name. Raises ValueError."""
    pieces, inside = [""], False
    for char in text:
        inside ^= char == '"'
        if char == "|" and not inside:
            pieces.append("")
        else:
            pieces[-1] += char
    return tuple(split_path(piece) for piece in pieces)


def first_of(answer: object, paths: Iterable[Path]) -> Any:
    """Return the first of these places in an answer that holds something; None when none does."""
    return next((found for path in paths if (found := at_path(answer, path)) not in (None, "")), None)


class Scope:
    """The names that templates of one description may use; whoever compiles it says which answers are there by then."""

    def __init__(self, texts: Iterable[str], calls: Iterable[str] = ()):
        self.texts = frozenset(texts)
        self.calls = frozenset(calls)
        self.used: set[Path] = set()
        """Every path into an answer that was compiled."""

    def with_calls(self, *names: str) -> Scope:
        """Return the same names and these answers beside; what is used is noted in one place."""
        wider = Scope(self.texts, self.calls | set(names))
        wider.used = self.used
        return wider

    def check(self, path: Path) -> Path:
        """Return a path that may be used here; raises ValueError that says what may."""
        if len(path) == 1 and path[0] not in self.texts:
            raise ValueError(f"{path[0]!r} is not known here; known are {', '.join(sorted(self.texts))}")
        if len(path) > 1:
            if path[0] not in self.calls:
                known = ", ".join(sorted(self.calls)) or "none"
                raise ValueError(
                    f"{'.'.join(path)!r} needs an answer of {path[0]!r}; answers here are {known}"
                )
            self.used.add(path)
        return path


Fill = Callable[[Values], str | None]
Find = Callable[[Values], Any]


def compile_template(text: str, scope: Scope) -> Fill:
    """Return what fills a template; None as soon as one piece of it is empty. Raises ValueError."""
    pieces = list(_pieces(text, scope))
    if all(isinstance(piece, str) for piece in pieces):
        fixed = "".join(str(piece) for piece in pieces)
        return lambda _values: fixed

    def fill(values: Values) -> str | None:
        found: list[str] = []
        for piece in pieces:
            part = piece if isinstance(piece, str) else as_text(_first(values, piece))
            if part is None:
                return None
            found.append(part)
        return "".join(found)

    return fill


def compile_value(text: str, scope: Scope) -> Find:
    """Return what finds a value: a template where the text has braces, else the first of its places that holds something."""
    if not text:
        return lambda _values: None
    if "{" in text:
        return compile_template(text, scope)
    paths = tuple(scope.check(path) for path in alternatives(text))
    return lambda values: _first(values, paths)


def _first(values: Values, paths: tuple[Path, ...]) -> Any:
    return next((found for path in paths if (found := values.at(path)) not in (None, "")), None)


def _pieces(text: str, scope: Scope) -> Iterator[str | tuple[Path, ...]]:
    """Yield the fixed texts and the places of a template, in order; `{{` and `}}` stand for braces themselves."""
    fixed, at = "", 0
    while at < len(text):
        pair, char = text[at : at + 2], text[at]
        if pair in ("{{", "}}"):
            fixed, at = fixed + char, at + 2
        elif char == "{":
            end = text.find("}", at)
            if end < 0 or end == at + 1:
                raise ValueError(f"{text!r} has an opening brace that nothing closes")
            if fixed:
                yield fixed
            yield tuple(scope.check(path) for path in alternatives(text[at + 1 : end]))
            fixed, at = "", end + 1
        elif char == "}":
            raise ValueError(f"{text!r} has a closing brace that nothing opens")
        else:
            fixed, at = fixed + char, at + 1
    if fixed:
        yield fixed
