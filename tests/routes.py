"""Routes of applications that tests make by the hundred: what Werkzeug compiles for a rule is kept for the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from flask import Flask
from werkzeug.routing import Rule


class RememberedRule(Rule):
    """A rule whose functions that build addresses are compiled once for each process.

    Werkzeug compiles two for each of the forty routes of each application, which was a quarter of the time of tests that
    make one each. They depend on nothing but the text of the rule; one with defaults is left alone.
    """

    _compiled: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, *self._trace, append_unknown)
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


def remember_rules() -> None:
    """Have every application of this process use them."""
    Flask.url_rule_class = RememberedRule
