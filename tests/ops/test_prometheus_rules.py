"""Rules, alerts and the dashboard: tried by promtool, and speaking only of metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from app.telemetry.families import ASKED, COUNTED, Kind
from tests.architecture.source import ROOT
from tests.databases import need

PROMTOOL = shutil.which("promtool")
RULES, ALERTS = ROOT / "ops/prometheus/callgate.rules.yml", ROOT / "ops/prometheus/alerts.yml"
DASHBOARD = ROOT / "ops/grafana/callgate.json"
TESTS = ("alerts.promtool.yml", "weeks.promtool.yml")
RECORDED = re.compile(r"^ *- record: (\S+)$", re.MULTILINE)
WORD = re.compile(r"\b(?:callgate|callback)[a-z0-9_:]*")
STRING = re.compile(r'"[^"]*"')
SUFFIXES = ("_bucket", "_sum", "_count")
NO_METRIC = {"callgate"}
"""The name of the scrape job and of the groups."""


def promtool(*words: str) -> str:
    need("promtool", reachable=PROMTOOL is not None)
    done = subprocess.run(
        [PROMTOOL or "", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.services
def test_promtool_takes_rules_and_alerts() -> None:
    said = promtool("check", "rules", str(RULES), str(ALERTS))
    assert "FAILED" not in said


@pytest.mark.services
@pytest.mark.parametrize("name", TESTS)
def test_each_alert_fires_when_it_should_and_at_no_other_time(name: str) -> None:
    assert "SUCCESS" in promtool("test", "rules", f"tests/ops/{name}")


def test_every_alert_is_tried() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8")))
    tried = "\n".join((ROOT / "tests/ops" / name).read_text(encoding="utf-8") for name in TESTS)
    firing = re.findall(r"alertname: (\w+)\n *eval_time: \w+\n *exp_alerts:\n", tried)
    assert alerts == set(firing)


def metrics() -> set[str]:
    names = set(RECORDED.findall(RULES.read_text(encoding="utf-8")))
    for family in (*COUNTED, *ASKED):
        if family.is_exported:
            histogram = family.kind is Kind.HISTOGRAM
            names |= {family.name + suffix for suffix in SUFFIXES} if histogram else {family.name}
    return names


def expressions_of(value: Any) -> Iterator[str]:
    """Yield every expression of a dashboard, those of its variables and annotations too."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("expr", "definition") and isinstance(item, str):
                yield item
            else:
                yield from expressions_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from expressions_of(item)


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    expressions = list(expressions_of(json.loads(DASHBOARD.read_text(encoding="utf-8"))))
    assert len(expressions) > 20
    for expression in expressions:
        named = set(WORD.findall(STRING.sub("", expression)))
        assert named, expression
        assert named <= metrics(), expression


@pytest.mark.services
def test_prometheus_reads_every_expression_of_the_dashboard(tmp_path: Any) -> None:
    expressions = expressions_of(json.loads(DASHBOARD.read_text(encoding="utf-8")))
    asked = [each for each in expressions if not each.startswith("label_values(")]
    rules = [{"record": f"dashboard:{number}", "expr": each} for number, each in enumerate(asked)]
    file = tmp_path / "dashboard.json"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", str(file))


def test_the_dashboard_compares_versions() -> None:
    text = DASHBOARD.read_text(encoding="utf-8")
    assert "group_left (version)" in text
    assert "callgate_build_info" in text


@pytest.mark.parametrize("file", [RULES, ALERTS])
def test_rules_speak_of_metrics_that_there_are(file: Any) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    text = "\n".join(
        line for line in lines if not re.match(r" *(?:#|- name:|- alert:|description:|summary:)", line)
    )
    assert set(WORD.findall(STRING.sub("", text))) - NO_METRIC <= metrics()


def test_no_two_panels_of_the_dashboard_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
