"""The table and the chart that README.md and README.zh-CN.md show, written between two marks in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import generators
from bench.charts import Bar, bar_chart, number_text
from bench.goals import ratio
from bench.samples import Outcome, Scale

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
LANGUAGES = {"en": "README.md", "zh-CN": "README.zh-CN.md"}
Words = Mapping[str, str]
"""The same words by language."""

NOTHING = {"en": "nothing", "zh-CN": "什么都没有"}
BOTH = {"en": "event and dispatch, on disk", "zh-CN": "事件与派发，已落盘"}
ONE_ROW = {"en": "one row, on disk", "zh-CN": "一行，已落盘"}
IN_MEMORY = {"en": "a job in Redis's memory", "zh-CN": "Redis 内存里的一个任务"}
ALL = {"en": "all", "zh-CN": "全部"}
AS_ABOVE = {"en": "as `callback`", "zh-CN": "同 `callback`"}


@dataclass(frozen=True)
class Line:
    """One line: the case that gives its figures, the one that says what was lost, and its words."""

    key: str
    title: Words
    durable: Words
    killed: str = ""
    redis_killed: str = ""
    lost: Words | None = None
    """Said where nobody has to be killed to know it."""


def _ours(store: str, name: str) -> list[Line]:
    case, kill = f"ingest-{store}-callback", f"kill-gateway-{store}"
    stored = {"en": f"**Callgate**, {name}: stored only", "zh-CN": f"**Callgate**，{name}：只存储"}
    run = {
        "en": f"**Callgate**, {name}: handlers run beside",
        "zh-CN": f"**Callgate**，{name}：同时运行处理函数",
    }
    feishu = {
        "en": f"**Callgate**, {name}: Feishu, encrypted",
        "zh-CN": f"**Callgate**，{name}：飞书加密事件",
    }
    wechat = {
        "en": f"**Callgate**, {name}: WeChat, safe mode",
        "zh-CN": f"**Callgate**，{name}：微信安全模式",
    }
    return [
        Line(case, stored, BOTH, kill),
        Line(f"{case}-engine", run, BOTH, f"{kill}-engine"),
        Line(f"ingest-{store}-feishu", feishu, BOTH, lost=AS_ABOVE),
        Line(f"ingest-{store}-wechat", wechat, BOTH, lost=AS_ABOVE),
    ]


LINES = (
    Line(
        "empty",
        {
            "en": "empty Flask view, same server, on one core as Callgate",
            "zh-CN": "空的 Flask 视图，同一服务器，同样固定在一个核上",
        },
        NOTHING,
        lost=ALL,
    ),
    Line(
        "empty-free",
        {"en": "the same, not kept to one core", "zh-CN": "同上，但不固定在一个核上"},
        NOTHING,
        lost=ALL,
    ),
    *_ours("sqlite", "SQLite"),
    *_ours("postgresql", "PostgreSQL"),
    Line(
        "fastapi",
        {"en": "FastAPI + asyncpg, inserts one row", "zh-CN": "FastAPI + asyncpg，插入一行"},
        ONE_ROW,
        "kill-fastapi",
    ),
    Line(
        "express",
        {"en": "Express + pg, inserts one row", "zh-CN": "Express + pg，插入一行"},
        ONE_ROW,
        "kill-express",
    ),
    Line(
        "rq",
        {"en": "Flask + RQ, one worker beside", "zh-CN": "Flask + RQ，另有一个 worker"},
        IN_MEMORY,
        "kill-rq",
        "kill-redis-rq",
    ),
    Line(
        "webhook",
        {"en": "Debian's `webhook`, starts a process", "zh-CN": "Debian 的 `webhook`，每次启动一个进程"},
        NOTHING,
        "kill-webhook",
    ),
)
CASES = (
    *(line.key for line in LINES),
    *(key for line in LINES for key in (line.killed, line.redis_killed) if key),
    "half-load-sqlite*",
    "half-load-postgresql*",
    "many-channels-*",
    "flask-command",
)
"""What is measured for it, and for the goals beside it."""

HEADINGS = {
    "en": (
        "what", "a second (lowest – highest)", "× empty view", "p99 ms", "CPU ms for 1,000: server + database", "MB",
        "durable at the 2xx", "lost at `kill -9`",
    ),
    "zh-CN": (
        "内容", "每秒（最低 – 最高）", "与空视图之比", "p99 毫秒", "每千次的 CPU 毫秒：服务器 + 数据库", "MB",
        "应答 2xx 时已持久的内容", "`kill -9` 时丢失",
    ),
}  # fmt: skip
LOST = {"en": "{gone} of {answered}", "zh-CN": "{answered} 个中的 {gone} 个"}
REDIS = {"en": "; Redis killed: ", "zh-CN": "；杀死 Redis 时："}
NOT_HERE = {"en": "not measured", "zh-CN": "未测"}
MADE = {
    "en": (
        'Medians of {rounds} alternating rounds on {date}, written by `make bench ARGS="--readme"`; load by {generator}, '
        "which took {busy} of one core at most. [Every figure, the goals, and the machine]({folder}/results.md)."
    ),
    "zh-CN": (
        '{date} 测得，{rounds} 轮交替进行，取中位数，由 `make bench ARGS="--readme"` 写入；压测程序为 {generator}，'
        "最多占用一个核的 {busy}。[全部数字、目标与所用机器]({folder}/results.md)。"
    ),
}
CHART = {
    "en": ("Callbacks answered a second", "a second; more is better (blue: Callgate, verified and on disk)"),
    "zh-CN": ("每秒应答的回调", "每秒，越多越好（蓝色：Callgate，已验签并落盘）"),
}
PICTURE = {"en": "chart.svg", "zh-CN": "chart.zh-CN.svg"}


class NoMarks(Exception):
    """A README has no place for the table."""


def write(root: Path, out: Path, outcomes: Mapping[str, Outcome], *, scale: Scale, date: str) -> None:
    """Write the charts into the folder of the results, and the tables into both READMEs; raises NoMarks and writes none."""
    folder = out.relative_to(root).as_posix()
    made = {"rounds": scale.rounds, "date": date, "generator": generators.name(), "busy": _busiest(outcomes)}
    texts = {
        root / name: _with_block(root / name, _block(outcomes, language, folder, made))
        for language, name in LANGUAGES.items()
    }
    for language, picture in PICTURE.items():
        (out / picture).write_text(chart(outcomes, language), encoding="utf-8")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def _block(outcomes: Mapping[str, Outcome], language: str, folder: str, made: Mapping[str, object]) -> str:
    words = MADE[language].format(**made, folder=folder)
    picture = f"![{CHART[language][0]}]({folder}/{PICTURE[language]})"
    return "\n".join([*table(outcomes, language), "", words, "", picture])


def _with_block(path: Path, block: str) -> str:
    """Return the text of a file with another block between its marks."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoMarks(f"{path.name} has no `{BEGIN}` … `{END}`")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def table(outcomes: Mapping[str, Outcome], language: str) -> list[str]:
    """Return the lines of the table; what was not measured says so."""
    headings = HEADINGS[language]
    rows = [_cells(line, outcomes, language) for line in LINES]
    return [f"| {' | '.join(row)} |" for row in (headings, ("---",) * len(headings), *rows)]


def _cells(line: Line, outcomes: Mapping[str, Outcome], language: str) -> tuple[str, ...]:
    lost = _lost(line, outcomes, language)
    outcome = outcomes.get(line.key)
    if outcome is None or not outcome.all("rate"):
        return (line.title[language], NOT_HERE[language], "–", "–", "–", "–", line.durable[language], lost)
    return (
        line.title[language],
        _rate(outcome),
        _number(ratio(outcome, outcomes)),
        _number(outcome.value("p99")),
        f"{_number(outcome.value('cpu_server'))} + {_number(outcome.value('cpu_database'))}",
        _number(outcome.value("whole_pss")),
        line.durable[language],
        lost,
    )


def _rate(outcome: Outcome) -> str:
    rates = outcome.all("rate")
    median = outcome.value("rate") or 0.0
    return f"{number_text(median)} ({number_text(min(rates))} – {number_text(max(rates))})"


def _number(value: float | None) -> str:
    return "–" if value is None else number_text(value)


def _lost(line: Line, outcomes: Mapping[str, Outcome], language: str) -> str:
    if line.lost is not None:
        return line.lost[language]
    said = _gone(outcomes.get(line.killed), language)
    return (
        said + REDIS[language] + _gone(outcomes.get(line.redis_killed), language)
        if line.redis_killed
        else said
    )


def _gone(outcome: Outcome | None, language: str) -> str:
    if outcome is None or not outcome.all("answered"):
        return NOT_HERE[language]
    answered, gone = sum(outcome.all("answered")), sum(outcome.all("gone"))
    return LOST[language].format(gone=f"{gone:,.0f}", answered=f"{answered:,.0f}")


def _busiest(outcomes: Mapping[str, Outcome]) -> str:
    shares = [share for line in LINES if line.key in outcomes for share in outcomes[line.key].all("busy")]
    return f"{max(shares):.0%}" if shares else "–"


def chart(outcomes: Mapping[str, Outcome], language: str) -> str:
    """Return the chart of the rates."""
    found = [(line, outcomes[line.key].value("rate")) for line in LINES if line.key in outcomes]
    bars = [
        Bar(line.title[language].replace("*", "").replace("`", ""), rate, line.key.startswith("ingest-"))
        for line, rate in found
        if rate is not None
    ]
    return bar_chart(*CHART[language], bars)
