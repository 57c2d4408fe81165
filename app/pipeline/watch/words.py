"""What the watch says, in English and 简体中文: sentences made of an alarm's facts. Words alone; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.states import AlarmKind
from app.storage.alarms import Alarm

LANGUAGES: Final = ("en", "zh")

HEADLINES: Final[Mapping[str, Mapping[AlarmKind, str]]] = {
    "en": {
        AlarmKind.CHANNEL_FAILING: "{subject}: {bad} of {total} callbacks failed within {minutes} min",
        AlarmKind.CHANNEL_SILENT: "{subject}: no callback for {quiet}",
        AlarmKind.DESTINATION_PAUSED: "Destination {subject} is paused, {waiting} deliveries wait",
        AlarmKind.DEAD_LETTERS: "{count} dispatches failed for good within {hours} h",
        AlarmKind.TOKEN_FAILING: "{subject}: {tokens} cannot be renewed",
        AlarmKind.DISK_FULL: "Only {free} MiB are left on the disk",
        AlarmKind.CLOCK_OFF: "The clock of {subject} is {seconds} s {direction}",
    },
    "zh": {
        AlarmKind.CHANNEL_FAILING: "{subject}：{minutes} 分钟内 {total} 次回调中有 {bad} 次失败",
        AlarmKind.CHANNEL_SILENT: "{subject}：已有 {quiet}没有回调",
        AlarmKind.DESTINATION_PAUSED: "转发目标 {subject} 已暂停，{waiting} 个投递在等待",
        AlarmKind.DEAD_LETTERS: "{hours} 小时内有 {count} 个分发彻底失败",
        AlarmKind.TOKEN_FAILING: "{subject}：{tokens}无法续期",
        AlarmKind.DISK_FULL: "磁盘只剩 {free} MiB",
        AlarmKind.CLOCK_OFF: "{subject} 的时钟{direction} {seconds} 秒",
    },
}

OVER: Final[Mapping[str, Mapping[AlarmKind, str]]] = {
    "en": {
        AlarmKind.CHANNEL_FAILING: "{subject}: callbacks succeed again",
        AlarmKind.CHANNEL_SILENT: "{subject}: callbacks arrive again",
        AlarmKind.DESTINATION_PAUSED: "Destination {subject} is no longer paused",
        AlarmKind.DEAD_LETTERS: "Nothing more failed for good; what did is still among the dead letters",
        AlarmKind.TOKEN_FAILING: "{subject}: tokens are renewed again",
        AlarmKind.DISK_FULL: "The disk has room again",
        AlarmKind.CLOCK_OFF: "The clock of {subject} is right again",
    },
    "zh": {
        AlarmKind.CHANNEL_FAILING: "{subject}：回调恢复正常",
        AlarmKind.CHANNEL_SILENT: "{subject}：又有回调了",
        AlarmKind.DESTINATION_PAUSED: "转发目标 {subject} 已恢复",
        AlarmKind.DEAD_LETTERS: "没有新的彻底失败；已失败的仍在死信中",
        AlarmKind.TOKEN_FAILING: "{subject}：凭证又能续期了",
        AlarmKind.DISK_FULL: "磁盘空间已恢复",
        AlarmKind.CLOCK_OFF: "{subject} 的时钟已恢复正常",
    },
}

REFUSED: Final = {
    "en": "{refused} were refused, most often: {reason}",
    "zh": "{refused} 次被拒绝，最常见的原因：{reason}",
}
FAILED: Final = {
    "en": "{failing} failed afterwards, the last in {route}: {error}",
    "zh": "{failing} 次在之后失败，最近一次在 {route}：{error}",
}
LAST_CALL: Final = {"en": "The last one came at {last}.", "zh": "最近一次在 {last}。"}
USUAL: Final = {
    "en": "At this time there were some on most of the last 7 days.",
    "zh": "最近 7 天的这个时段大多有回调。",
}
LAST_DEATH: Final = {"en": "The last in {route}: {error}", "zh": "最近一个在 {route}：{error}"}
TOKEN_WORKS: Final = {
    "en": "The present one works until {ends}.",
    "zh": "现有凭证可用到 {ends}。",
}
TOKEN_REFUSED: Final = {
    "en": "The platform refuses fresh ones too; `flask tokens list` says since when.",
    "zh": "平台连新凭证也拒绝；`flask tokens list` 可看到从何时开始。",
}
DISK_LEAST: Final = {
    "en": "The watch wants {least} MiB; without room nothing can be stored.",
    "zh": "告警下限为 {least} MiB；空间用尽后无法存储任何内容。",
}
CLOCK_AGAINST: Final = {
    "en": {
        "database": "Compared with the database server.",
        "platforms": "Compared with the platforms' answers.",
    },
    "zh": {"database": "与数据库服务器相比。", "platforms": "与平台应答中的时间相比。"},
}
TOKENS: Final = {
    "en": ("the app token", "tokens of {accounts} accounts"),
    "zh": ("应用凭证", "{accounts} 个授权账号的凭证"),
}
DIRECTIONS: Final = {"en": ("fast", "slow"), "zh": ("快了", "慢了")}
CHANGES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"begins": "Alarm", "worse": "Worse", "ends": "Over"},
    "zh": {"begins": "告警", "worse": "加重", "ends": "恢复"},
}
COLONS: Final = {"en": ": ", "zh": "："}
AND_MORE: Final = {"en": " (+{more} more)", "zh": "（另有 {more} 项）"}
LASTED: Final = {"en": "It lasted {duration}.", "zh": "持续了 {duration}。"}
OPEN: Final = {"en": "Open the console", "zh": "打开控制台"}
LEFT_OUT: Final = {
    "en": "{more} more are in `flask watch list`.",
    "zh": "另有 {more} 项，见 `flask watch list`。",
}
TEST_TITLE: Final = {"en": "Test of the watch", "zh": "告警测试"}
TEST_TEXT: Final = {
    "en": "The watch of {address} speaks here. It speaks when an alarm begins, gets ten times worse or is over.",
    "zh": "{address} 的告警会发到这里：告警开始、严重十倍或恢复时各发一次。",
}
UNITS: Final = {"en": (" d", " h", " min"), "zh": (" 天", " 小时", " 分钟")}


def headline(alarm: Alarm, language: str) -> str:
    """Return what is wrong, in one line."""
    return HEADLINES[language][alarm.kind].format_map(_facts(alarm, language))


def over(alarm: Alarm, language: str) -> str:
    """Return that it is over, in one line."""
    return OVER[language][alarm.kind].format_map(_facts(alarm, language))


def details(alarm: Alarm, language: str) -> list[str]:
    """Return what else is known, a sentence each."""
    facts = _facts(alarm, language)
    return [sentence.format_map(facts) for sentence in _sentences(alarm, language)]


def _sentences(alarm: Alarm, language: str) -> list[str]:
    facts = alarm.facts
    if alarm.kind is AlarmKind.CHANNEL_FAILING:
        return [*_if(facts["refused"], REFUSED[language]), *_if(facts["failing"], FAILED[language])]
    if alarm.kind is AlarmKind.CHANNEL_SILENT:
        return [LAST_CALL[language], *_if(facts["is_learned"], USUAL[language])]
    if alarm.kind is AlarmKind.DESTINATION_PAUSED:
        return _if(facts["reason"], "{reason}")
    if alarm.kind is AlarmKind.DEAD_LETTERS:
        return [LAST_DEATH[language]]
    if alarm.kind is AlarmKind.TOKEN_FAILING:
        works, refused = facts["state"] == "renewal_failing", facts["state"] == "refused"
        return [
            *_if(facts["error"], "{error}"),
            *_if(works and facts["ends"], TOKEN_WORKS[language]),
            *_if(refused, TOKEN_REFUSED[language]),
        ]
    if alarm.kind is AlarmKind.DISK_FULL:
        return [DISK_LEAST[language]]
    return [CLOCK_AGAINST[language][facts["compared_with"]]]


def _if(condition: object, sentence: str) -> list[str]:
    return [sentence] if condition else []


def _facts(alarm: Alarm, language: str) -> dict[str, Any]:
    """Return the facts as sentences name them; the few that are words are put into the language."""
    facts = {"subject": alarm.subject, **alarm.facts}
    if "minutes" in facts:
        facts["quiet"] = in_words(int(facts["minutes"]), language)
    if alarm.kind is AlarmKind.TOKEN_FAILING:
        facts["tokens"] = TOKENS[language]["accounts" in facts].format_map(facts)
    if "is_behind" in facts:
        facts["direction"] = DIRECTIONS[language][facts["is_behind"]]
    return facts


def in_words(minutes: int, language: str) -> str:
    """Return a time in its two largest units."""
    days, hours, left = minutes // 1_440, minutes // 60 % 24, minutes % 60
    parts = [
        f"{count}{unit}" for count, unit in zip((days, hours, left), UNITS[language], strict=True) if count
    ]
    return " ".join(parts[:2]) or f"0{UNITS[language][2]}"
