"""The pages on metrics and the code name the same metrics, labels and sentences."""

from __future__ import annotations

import pytest

from app.telemetry.families import ASKED, COUNTED
from tests.docs.pages import rows, section, spans

PAGES = {"docs/metrics.md": "Every metric", "docs/metrics.zh-CN.md": "全部指标"}
TOLD = {family.name: family for family in (*COUNTED, *ASKED) if family.is_exported}


def table_of(name: str) -> dict[str, list[str]]:
    return {spans(row[0])[0]: row for row in rows(section(name, PAGES[name])) if spans(row[0])}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_lists_every_metric_and_no_other(name: str) -> None:
    assert list(table_of(name)) == list(TOLD)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_labels_of_every_metric(name: str) -> None:
    for metric, row in table_of(name).items():
        assert tuple(spans(row[1])) == TOLD[metric].labels, metric


def test_the_page_says_what_prometheus_is_told() -> None:
    assert {metric: row[2] for metric, row in table_of("docs/metrics.md").items()} == {
        name: family.help for name, family in TOLD.items()
    }


def test_the_chinese_page_explains_every_outcome_that_the_other_one_names() -> None:
    chinese = table_of("docs/metrics.zh-CN.md")
    for metric in ("callgate_deliveries_total", "callgate_attempts_total", "callgate_messages_total"):
        words = TOLD[metric].help.split(": ")[1].rstrip(".").replace(" or ", ", ").split(", ")
        assert not [word for word in words if word not in chinese[metric][2]], metric
