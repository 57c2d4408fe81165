"""What applications have in common that tests make by the hundred: routes and templates are compiled once for each process."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class RememberedRule(Rule):
    """A rule that is read and compiled once for each process.

    Werkzeug does both for each of the fifty routes of each application, which was a third of the time of tests that make
    one each. What comes of it depends on nothing but the text of the rule; one with more than that is left alone.
    """

    _first: ClassVar[dict[tuple[str, bool | None], RememberedRule]] = {}

    def compile(self) -> None:
        if self.defaults or self.host or self.subdomain:
            super().compile()
            return
        first = self._first.setdefault((self.rule, self.merge_slashes), self)
        if first is self:
            super().compile()
            return
        for name in ("arguments", "_parts", "_trace", "_converters"):
            setattr(self, name, getattr(first, name))
        self._build = first._build.__func__.__get__(self, None)  # type: ignore[attr-defined]
        self._build_unknown = first._build_unknown.__func__.__get__(self, None)  # type: ignore[attr-defined]


class RememberedTemplates(BytecodeCache):
    """Keeps what Jinja compiled of a template; it knows by a checksum when the template is another one."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def remember_rules() -> None:
    """Have every application of this process use them."""
    Flask.url_rule_class = RememberedRule
    Flask.jinja_options = {"bytecode_cache": RememberedTemplates()}
