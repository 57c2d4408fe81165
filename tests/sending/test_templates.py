"""Templates: those that come with Callgate against what the simulator sends, and hostile ones against the sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from app.core.values import Event
from app.pipeline.sending.templates import (
    INCLUDED,
    MessageTemplate,
    TemplateFault,
    compile_expression,
    compile_message,
    read_template,
    value_of,
)
from app.platforms import discover
from app.wire.texts import Dialect, Limit, write_parts
from sandbox import read_settings
from sandbox.people import PEOPLE
from sandbox.simulated import Moment

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STRIPE = {"id": "evt_1", "created": 1795823990, "livemode": False, "data": {"object": {"object": "charge", "id": "ch_1", "amount": 2599, "currency": "cny"}}}  # fmt: skip
GENERIC = {"user": "u1", "list": [1, {"a": "<b>"}], "text": "*a*"}
GRAFANA = {"status": "firing", "commonLabels": {"alertname": "High memory usage"}, "alerts": [{"status": "firing", "labels": {"alertname": "High memory usage"}, "annotations": {}, "startsAt": "2021-10-12T09:51:03+02:00", "values": {"B": 44.2}}]}  # fmt: skip
OTHERS: dict[str, dict[str, Any]] = {"stripe": STRIPE, "generic": GENERIC, "grafana": GRAFANA}
SAYS = {
    "alertmanager": ("Firing: InstanceDown", "告警：InstanceDown", "alert.firing"),
    "grafana": ("Firing: High memory usage", "告警：High memory usage", "firing"),
    "github": ("acme/gateway: pull_request.opened", "支付回调验签失败", "pull_request.opened"),
    "gitlab": ("acme/gateway: Issue Hook.open", "支付回调验签失败", "Issue Hook.open"),
    "wechatpay": ("WeChat Pay: SUCCESS", "9.90 元", "TRANSACTION.SUCCESS"),
    "alipay": ("Alipay: TRADE_SUCCESS", "支付宝：TRADE_SUCCESS", "trade_status_sync.TRADE_SUCCESS"),
    "stripe": ("Stripe: charge.captured", "2599 CNY", "charge.captured"),
    "generic": ("shop: order.paid", "收到时间 2026-11-20 20:00:00", "order.paid"),
}
"""What the most usual event is called, and a word of what is said of it in each language."""


def event(data: Mapping[str, Any], *, type_: str = "order.paid", channel: str = "shop") -> Event:
    return Event(
        id="0" * 32, channel=channel, platform=channel, type=type_, key="k", subject=None, occurred_at=NOW, received_at=NOW,
        data=data, raw=b"{}", headers=(),
    )  # fmt: skip


def message(source: str) -> MessageTemplate:
    return compile_message("t.md", source, title="", written_in="markdown")


def said(source: str, **data: Any) -> str:
    return message(source).say([event(data)]).text


def sent(slug: str) -> Iterator[Event]:
    """Yield what the events of a simulated platform say, the most usual one first."""
    if slug in OTHERS:
        yield event(OTHERS[slug], type_=SAYS[slug][2], channel="shop" if slug == "generic" else slug)
        return
    callbacks = import_module(f"sandbox.platforms.{slug}.firing").CALLBACKS
    settings = read_settings({})
    for sample in sorted(callbacks.samples, key=lambda each: each.type != SAYS[slug][2]):
        fields = sample.build(Moment(settings, PEOPLE[0], NOW.timestamp()))
        for data in fields.get("alerts", [fields.get("resource", fields)]):
            yield event({**fields, **data}, type_=sample.type, channel=slug)


def test_every_included_template_is_there_in_both_languages() -> None:
    names = {place.name for place in INCLUDED.glob("*")}
    assert names == {f"{slug}{language}.md" for slug in SAYS for language in ("", ".zh-CN")}
    assert set(SAYS) - {"stripe", "generic", "grafana"} <= set(discover())


@pytest.mark.parametrize("slug", sorted(SAYS))
def test_an_included_template_speaks_of_every_event_and_of_one_that_says_nothing(slug: str) -> None:
    for name, wanted in zip((f"{slug}.md", f"{slug}.zh-CN.md"), SAYS[slug], strict=False):
        template = compile_message(
            name, read_template(name, Path("nowhere")), title="", written_in="markdown"
        )
        events = [*sent(slug), event({})]
        spoken = [template.say([each]) for each in events]
        assert all(each.title and "\\" not in each.title for each in spoken), spoken
        (part,) = write_parts(
            spoken[0].title, spoken[0].text, "markdown", Dialect.PLAIN, Limit("characters", 4000)
        )
        assert wanted in f"{part.title}\n{part.text}", part
        assert template.say(events).title


def test_own_templates_win_and_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "github.md").write_text("ours", encoding="utf-8")
    assert read_template("github.md", tmp_path) == "ours"
    with pytest.raises(ValueError, match=r"stripe\.md"):
        read_template("nowhere.md", tmp_path)
    (tmp_path / "large.md").write_text("x" * 40_000)
    with pytest.raises(ValueError, match="larger than 32 KB"):
        read_template("large.md", tmp_path)


def test_what_an_event_says_is_words_and_never_marks() -> None:
    text = said(
        "{{ event.data.a }} {{ event.data.a | code }} {{ event.data.a | raw }}",
        a="*x* [l](https://e.example) `c`",
    )
    (part,) = write_parts("", text, "markdown", Dialect.PLAIN, Limit("characters", 1000))
    assert (
        part.text == "*x* [l](https://e.example) `c` *x* [l](https://e.example) `c` x l (https://e.example) c"
    )
    assert message("# {{ event.data.a }} *b*\ntext").say([event({"a": "*a*"})]).title == "*a* b"
    assert (
        compile_message("t", "{{ event.data.a }}", title="", written_in="html")
        .say([event({"a": "<b>"})])
        .text
        == "&lt;b&gt;"
    )
    assert (
        compile_message("t", "{{ event.data.a }}", title="", written_in="text")
        .say([event({"a": "<*>"})])
        .text
        == "<*>"
    )


def test_lines_of_an_event_become_no_heading_item_link_or_code() -> None:
    words = "# a\n- b\n+ c\n1. d\n2) e\n> f\n===\n---\n```\n    g\nhttps://h.example)[i](https://j.example\n&copy; 2026-11-20 -5"
    shown = words.replace("    g", "g")
    (part,) = write_parts(
        "", said("{{ event.data.a }}", a=words), "markdown", Dialect.PLAIN, Limit("characters", 1000)
    )
    assert part.text == shown
    (link,) = write_parts("", said("[x]({{ event.data.a }})", a="https://h.example)[i](https://j.example"), "markdown", Dialect.SLACK, Limit("characters", 1000))  # fmt: skip
    assert link.text.count("<http") == 1


def test_names_in_an_event_win_over_methods_and_what_is_not_there_is_nothing() -> None:
    assert (
        said("{{ event.data.items | join(' ') }}|{{ event.data.no.such.thing }}", items=["a", "b"]) == "a b|"
    )


HOSTILE = [
    "{{ 'a' * 10**9 }}", "{{ [0] * 10**9 }}", "{{ 10**10**10 }}", "{{ 2 ** 9999 }}", "{{ range(10**9) | list }}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "{% for a in event.data.many %}{% for b in event.data.many %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% for a in 'ab' recursive %}{{ loop('ab') }}{% endfor %}",
    "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}", "{{ 'a'.ljust(10**9) }}", "{{ 'a'.replace('', 'b') }}",
    "{{ 'a' | center(10**9) }}", "{{ 1 | round(10**9) }}", "{{ '%s' | format(1) }}", "{{ lipsum() }}",
    "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    "{% set n = namespace(x=3) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% for a in range(1000) %}" + "y" * 20_000 + "{% endfor %}", "{{ event.data.many | join('x' * 9) }}",
    "{{ event.data.long | replace('x', event.data.long) }}", "{{ event.data.many | map('string') | join(event.data.long) }}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ event.data.update({'a': 1}) }}", "{{ event.data.many.append(1) }}", "{{ 1 / 0 }}", "{% for %}", "{{ nothing() }}",
    "{% for a in range(1000) %}{{ event.data.many | sort | list | length }}{% endfor %}",
]  # fmt: skip


def test_a_hostile_template_ends_soon_with_its_name_and_line() -> None:
    data = {"many": list(range(5000)), "long": "x" * 100_000}
    for source in HOSTILE:
        began = time.thread_time()
        with pytest.raises(TemplateFault) as fault:
            said(source, **data)
        assert time.thread_time() - began < 5.0, source[:80]
        assert str(fault.value).startswith(("t.md, line 1: ", "t.md: ")), source[:80]
        assert "xxx" not in str(fault.value)


def test_nothing_private_is_reached() -> None:
    reached = ["''.__class__.__mro__", "event.__class__", "().__class__.__base__.__subclasses__()", "namespace.__init__.__globals__", "() | attr('__class__')"]  # fmt: skip
    for source in reached:
        assert outcome("{{ " + source + " }}") in {"", "unsafe"}, source
    assert data_stays({"a": [1]})


def outcome(source: str) -> str:
    """Return what a template says, `unsafe` where it is refused."""
    try:
        return said(source)
    except TemplateFault:
        return "unsafe"


def data_stays(data: dict[str, Any]) -> bool:
    said("{% set x = event.data %}{% set y = x.a + [2] %}{{ y | join(',') }}", **data)
    return data == {"a": [1]}


def test_the_line_at_fault_is_named() -> None:
    with pytest.raises(TemplateFault, match=r"t\.md, line 3: ZeroDivisionError"):
        said("one\n\n{{ 1 / 0 }}")
    with pytest.raises(TemplateFault, match=r"t\.md, line 2: "):
        message("one\n{% for %}")


def test_a_condition_is_false_where_what_it_compares_is_not_there() -> None:
    cases: list[tuple[str, dict[str, Any], bool]] = [
        ("event.data.amount.total >= 10000", {"amount": {"total": 10000}}, True),
        ("event.data.amount.total >= 10000", {"amount": {"total": 9999}}, False),
        ("event.data.amount.total >= 10000", {}, False),
        ("event.type == 'order.paid' and 'vip' in event.data.tags", {"tags": ["vip"]}, True),
        ("event.data.state not in ('ok', 'done')", {"state": "bad"}, True),
    ]
    for source, data, wanted in cases:
        assert bool(value_of(compile_expression("when", source), event(data), "when")) is wanted, source
    with pytest.raises(TemplateFault, match="when: TypeError"):
        value_of(compile_expression("when", "event.data.a > 3"), event({"a": "x"}), "when")
    with pytest.raises(TemplateFault, match="when: "):
        compile_expression("when", "event.")


def test_times_and_amounts_are_shown_as_people_write_them() -> None:
    assert said("{{ 1795823990 | local_time }} {{ event.received_at | local_time('UTC', 'minute') }}") == (
        "2026-11-28 07:59:50 2026-11-20 12:00"
    )
    assert (
        said("{{ 990 | amount }} {{ 5 | amount(1) }} {{ 'x' | amount }} {{ 'x' | local_time }}")
        == "9.90 5 x x"
    )
