"""One [[notifications]] table of the channels file: which events become a message, what it says, when and where (CONTRACT §5).

Only its own words are judged here. Templates and expressions are compiled, and its channels looked for, where the
gateway's parts are joined (pipeline/sending/notices.py).
"""

from __future__ import annotations

import re
from datetime import time
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from app.config.names import Name
from app.config.rates import RATE, SECONDS
from app.config.retries import read_delays

TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
PER_KEY = " per key"
LONGEST_MERGE = 3600.0
MOST_CHANNELS = 16


class Limit(NamedTuple):
    """At most `most` messages in `seconds`, counted for each key or for the whole notification."""

    most: int
    seconds: int
    is_per_key: bool


def _template(value: str) -> str:
    if not TEMPLATE.fullmatch(value):
        raise ValueError("must be the name of a file in templates/, without a folder, such as 'payment.md'")
    return value


def _match(value: str) -> str:
    channel, colon, event_type = value.partition(":")
    if not (channel and colon and event_type):
        raise ValueError("must look like 'channel:event-type', for example 'alertmanager:alert.*'")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


def _merge(value: object) -> float:
    try:
        (seconds,) = read_delays([value])
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST_MERGE:
        raise ValueError("must be a time from 1 s to 1 h, such as '30 s'")
    return seconds


def _limit(value: object) -> Limit:
    text = value if isinstance(value, str) else ""
    match = RATE.fullmatch(text.removesuffix(PER_KEY))
    if match is None:
        raise ValueError("must look like '20/hour' or '20/hour per key'")
    return Limit(int(match[1]), SECONDS[match[2]], text.endswith(PER_KEY))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be the name of a time zone, such as 'Asia/Shanghai'") from None
    return value


class QuietHours(BaseModel):
    """When nobody wants to hear it: from a time of day to another, in the time of a place.

    What comes then is held until they end, or dropped; `urgent_when` lets through what cannot wait.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    begin: time = Field(alias="from")
    end: time = Field(alias="to")
    zone: Annotated[str, AfterValidator(_zone)]
    then: Literal["hold", "drop"] = "hold"
    urgent_when: str = Field("", max_length=1000)

    @model_validator(mode="after")
    def _is_a_part_of_the_day(self) -> Self:
        if self.begin == self.end or self.begin.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("from and to must be two different times of day, such as '22:00' and '08:00'")
        return self


class NotificationConfig(BaseModel):
    """One notification. Its name is that of its template where none is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    match: Annotated[
        tuple[Annotated[str, AfterValidator(_match)], ...], BeforeValidator(_as_list), Field(min_length=1)
    ]
    when: str = Field("", max_length=1000)
    channels: Annotated[
        tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1, max_length=MOST_CHANNELS)
    ]
    to: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_as_list)] = ()
    template: Annotated[str, AfterValidator(_template)] | None = None
    title: str = Field("", max_length=1000)
    text: str | None = Field(None, max_length=32_768)
    format: Literal["markdown", "text", "html"] = "markdown"
    mentions: tuple[str, ...] = ()
    key: str = Field("event.subject", max_length=1000)
    only_changes: str = Field("", max_length=1000)
    merge: Annotated[float, PlainValidator(_merge)] | None = None
    limit: Annotated[Limit, PlainValidator(_limit)] | None = None
    quiet_hours: QuietHours | None = None
    fallback: bool = False

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_template(cls, given: Any) -> Any:
        template = given.get("template") if isinstance(given, dict) and "name" not in given else None
        if not isinstance(template, str):
            return given
        return given | {"name": template.partition(".")[0].lower()}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.template is None) == (self.text is None):
            raise ValueError("needs either template, the name of a file, or text")
        return self

    def takes(self, channel: str, platform: str, event_type: str) -> bool:
        """Say whether such an event is meant; the first half of a pattern is a channel or a platform."""
        patterns = (pattern.partition(":") for pattern in self.match)
        return any(
            (fnmatchcase(channel, source) or fnmatchcase(platform, source))
            and fnmatchcase(event_type, wanted)
            for source, _, wanted in patterns
        )
