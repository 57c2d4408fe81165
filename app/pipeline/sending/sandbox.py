"""Where templates and conditions run: Jinja2's immutable sandbox, with an end to everything.

The sandbox keeps a template away from what is private. It does not keep it from looping for hours or making a text of a
gigabyte; so each turn of a loop, each call, each sign of output and each number counts against a budget. What makes much
out of little at one stroke (`*` of texts, formats with widths, `ljust`) is not there at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import ChainableUndefined, Template, nodes, pass_context
from jinja2.environment import Environment
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

MOST_SECONDS: Final = 1.0
MOST_STEPS: Final = 20_000
MOST_SIGNS: Final = 262_144
"""Of all texts that are put together on the way, the result included."""

MOST_IN_RANGE: Final = 1_000
MOST_ITEMS: Final = 10_000
MOST_BITS: Final = 256
"""Of a whole number that is worked out."""

TEXT_METHODS: Final = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "isalnum",
        "isalpha",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rfind",
        "rpartition",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)


class TooMuch(TemplateError):
    """The template used more than a message may; the sentence says of what."""


@dataclass(slots=True)
class Budget:
    """What one rendering may still use. Time is that of this thread's work, so a busy machine takes nothing away."""

    escape: Callable[[str], str]
    steps: int = MOST_STEPS
    signs: int = MOST_SIGNS
    until: float = field(default_factory=lambda: time.thread_time() + MOST_SECONDS)

    def step(self, signs: int = 0) -> None:
        """Count one step that makes so many signs; raises TooMuch."""
        self.steps -= 1
        self.signs -= signs
        if self.steps < 0:
            raise TooMuch(f"it takes more than {MOST_STEPS:,} steps")
        if self.signs < 0:
            raise TooMuch(f"it makes more than {MOST_SIGNS:,} characters")
        if time.thread_time() > self.until:
            raise TooMuch(f"it takes longer than {MOST_SECONDS:g} s")


BUDGET: ContextVar[Budget] = ContextVar("budget")


@contextmanager
def budget(escape: Callable[[str], str]) -> Iterator[None]:
    """Give what runs inside a budget of its own."""
    token = BUDGET.set(Budget(escape))
    try:
        yield
    finally:
        BUDGET.reset(token)


class Sandbox(ImmutableSandboxedEnvironment):
    """Runs templates within a budget; values are escaped for the format of the message as they are written."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Let of a text only what makes no more of it, of other values what is neither private nor makes more."""
        if isinstance(obj, str):
            return attr in TEXT_METHODS
        if isinstance(obj, bytes | bytearray | memoryview):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look into an event's data first: `items` and `keys` are names in many of them."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> Any:
        """Refuse a text's own formats: a width in one makes a gigabyte."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError("format is not there; write the values one after another")
        return None

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja2's own names
        """Count a call."""
        BUDGET.get().step()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Work out numbers that stay small, and put texts and lists together."""
        BUDGET.get().step()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return joined(left, right)
        if operator == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
            return _small([*left, *right])
        numbers = [each for each in (left, right) if isinstance(each, int | float)]
        if len(numbers) < 2 and not _is_undefined(left, right):  # noqa: PLR2004 - both sides
            raise SecurityError(f"{operator} takes numbers here; + also puts two texts or two lists together")
        _check_size(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        counted: nodes.Template = Counting().visit(tree)
        return counted


def _is_undefined(*values: Any) -> bool:
    return any(isinstance(each, ChainableUndefined) for each in values)


def _check_size(operator: str, left: Any, right: Any) -> None:
    if not (isinstance(left, int) and isinstance(right, int)):
        return
    bits = left.bit_length() * max(1, right) if operator == "**" else left.bit_length() + right.bit_length()
    if operator in {"*", "**"} and bits > MOST_BITS:
        raise TooMuch(f"a number would have more than {MOST_BITS} bits")


def _small(items: list[Any]) -> list[Any]:
    if len(items) > MOST_ITEMS:
        raise TooMuch(f"a list would have more than {MOST_ITEMS:,} items")
    return items


class Counting(NodeTransformer):
    """Puts a step at the beginning of each loop's and macro's body, and our own join in the place of `~`."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja2's own names
        """Count each turn."""
        self._count(node)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802
        """Count each call with what it writes."""
        self._count(node)
        return node

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802
        """Refuse other files: a template is one file."""
        raise TemplateSyntaxError("a template is one file; include is not there", node.lineno)

    visit_Import = visit_FromImport = visit_Extends = visit_Include  # noqa: N815

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802
        """Put texts together within the budget."""
        self.generic_visit(node)
        function = nodes.EnvironmentAttribute("joined")
        return nodes.Call(function, node.nodes, [], None, None, lineno=node.lineno)

    def _count(self, node: nodes.For | nodes.Macro) -> None:
        written = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        step = nodes.Call(
            nodes.EnvironmentAttribute("counted"), [nodes.Const(written)], [], None, None, lineno=node.lineno
        )
        node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))


def counted(signs: int) -> None:
    """Count one turn of a loop, which writes so many signs."""
    BUDGET.get().step(signs)


def joined(*values: Any) -> str:
    """Put texts together; among what is written already, the others are escaped."""
    is_written = any(isinstance(each, Markup) for each in values)
    texts = [written(each) if is_written else str(each) for each in values]
    BUDGET.get().step(sum(map(len, texts)))
    return Markup("".join(texts)) if is_written else "".join(texts)  # noqa: S704 - escaped by `written`


def written(value: Any) -> Markup:
    """Return a value as it is written into a message: escaped for its format, unless it is so already."""
    budget_left = BUDGET.get()
    if isinstance(value, Markup):
        budget_left.step(len(value))
        return value
    text = "" if value is None else str(value)
    budget_left.step(len(text))
    return Markup(budget_left.escape(text))  # noqa: S704 - the format's own escape


@pass_context
def _finalize(_context: Context, value: Any) -> Markup:
    return written(value)


def bounded_range(*args: int) -> range:
    """Return a range of at most 1,000 numbers."""
    numbers = range(*args)
    if len(numbers) > MOST_IN_RANGE:
        raise TooMuch(f"a range would have more than {MOST_IN_RANGE:,} numbers")
    return numbers


def make_sandbox(filters: Mapping[str, Callable[..., Any]], names: Mapping[str, Any]) -> Sandbox:
    """Return an environment with these filters and names, and nothing else but loops and tests."""
    environment = Sandbox(
        autoescape=True,
        undefined=ChainableUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        extensions=["jinja2.ext.loopcontrols"],
    )
    environment.filters = dict(filters)
    environment.globals = {
        "range": bounded_range,
        "dict": dict,
        "namespace": environment.globals["namespace"],
        **names,
    }
    environment.counted = counted  # type: ignore[attr-defined]
    environment.joined = joined  # type: ignore[attr-defined]
    return environment


def compiled(environment: Environment, source: str) -> Template:
    """Compile a template within a budget: constants are worked out now."""
    with budget(str):
        return environment.from_string(source)
