"""The filters of templates: those of Jinja2 that make no more out of little, and a few for events. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2.exceptions import TemplateError
from jinja2.filters import FILTERS
from markupsafe import Markup

from app.pipeline.sending.sandbox import BUDGET, MOST_ITEMS, TooMuch, joined

KEPT: Final = (
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string",
    "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
MOST_DIGITS: Final = 10
TIME_FORMS: Final = {"second": "%Y-%m-%d %H:%M:%S", "minute": "%Y-%m-%d %H:%M", "date": "%Y-%m-%d"}
LARGEST_UNIT: Final = 1_000_000


def _join(values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    found: list[Any] = []
    for number, value in enumerate(values):
        BUDGET.get().step()
        shown = value.get(attribute, "") if attribute and isinstance(value, Mapping) else value
        found += [separator, shown] if number else [shown]
    return joined(*found)


def _replace(text: Any, old: str, new: str) -> str:
    old, new, whole = str(old), str(new), str(text)
    BUDGET.get().step(len(whole) + whole.count(old) * len(new))
    return whole.replace(old, new)


def _sum(values: Iterable[Any]) -> int | float:
    total: int | float = 0
    for value in values:
        BUDGET.get().step()
        if not isinstance(value, int | float):
            raise TemplateError("sum takes numbers only")
        total += value
    return total


def _round(value: Any, digits: int = 0) -> float:
    if not -MOST_DIGITS <= digits <= MOST_DIGITS:
        raise TooMuch(f"round takes {MOST_DIGITS} digits at most")
    return round(float(value), digits)


def _tojson(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    BUDGET.get().step(len(text))
    return text


def _local_time(value: Any, zone: str = "Asia/Shanghai", form: str = "second") -> str:
    """Show a moment (ISO 8601, or seconds since 1970) in a place's own time: to the `second`, `minute`, or only its `date`."""
    if form not in TIME_FORMS:
        raise TemplateError(f"local_time takes {', '.join(TIME_FORMS)}")
    try:
        return _moment(value).astimezone(ZoneInfo(zone)).strftime(TIME_FORMS[form])
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return str(value)


def _moment(value: Any) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _amount(value: Any, unit: int = 100) -> str:
    """Show an amount in the smallest unit of its currency (fen, cents) in the usual one."""
    try:
        if not 0 < unit <= LARGEST_UNIT:
            raise TemplateError("amount takes how many of the small units are one, such as 100")
        return f"{Decimal(str(value)) / unit:.{len(str(unit)) - 1}f}"
    except InvalidOperation:
        return str(value)


def _raw(value: Any) -> Markup:
    """Write a value as it is, with its own marks."""
    return Markup(str(value))  # noqa: S704 - the template's author asks for it


def _code(value: Any) -> Markup:
    """Write a value as code within a line of Markdown, whatever is in it."""
    text = " ".join(str(value).split())
    BUDGET.get().step(len(text))
    fence = "`"
    while fence in text:
        fence += "`"
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return Markup(f"{fence}{blank}{text}{blank}{fence}" if text else "")  # noqa: S704 - no fence of its length is inside


def _items_of(values: Any) -> list[Any]:
    found = []
    for value in values:
        BUDGET.get().step()
        found.append(value)
        if len(found) > MOST_ITEMS:
            raise TooMuch(f"a list would have more than {MOST_ITEMS:,} items")
    return found


TEMPLATE_FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {name: FILTERS[name] for name in KEPT}
    | {
        "list": _items_of,
        "join": _join,
        "replace": _replace,
        "sum": _sum,
        "round": _round,
        "tojson": _tojson,
        "local_time": _local_time,
        "amount": _amount,
        "code": _code,
        "raw": _raw,
        "safe": _raw,
    }
)
