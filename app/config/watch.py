"""The [watch] table of the channels file: where the built-in watch speaks, in which language, and from what on (docs/observability.md).

Only its own words are judged here. That its channels are there and send is judged where the gateway's parts are joined.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from app.config.retries import read_delays
from app.core.states import AlarmKind

MOST_CHANNELS = 16
MOST_SILENCES = 1_000
LONGEST_WINDOW = timedelta(hours=1)
SHORTEST_SILENCE = timedelta(minutes=1)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


def _time(value: object) -> timedelta | None:
    try:
        (seconds,) = read_delays([value])
    except ValueError:
        return None
    return timedelta(seconds=seconds)


def _window(value: object) -> timedelta:
    window = _time(value)
    if window is None or not SHORTEST_SILENCE <= window <= LONGEST_WINDOW:
        raise ValueError("must be a time from 1 minute to 1 h, such as '10 min'")
    return window


def _silence(value: object) -> timedelta | None:
    if value == "off":
        return None
    silence = _time(value)
    if silence is None or silence < SHORTEST_SILENCE:
        raise ValueError("must be a time from 1 minute to 7 d, such as '2 h', or 'off'")
    return silence


class WatchConfig(BaseModel):
    """How the watch judges and to whom it speaks. Without the table it judges by these defaults and speaks to nobody."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    channels: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), max_length=MOST_CHANNELS)
    to: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_as_list)] = ()
    language: Literal["en", "zh"] = "en"
    fallback: bool = False
    off: Annotated[frozenset[AlarmKind], BeforeValidator(_as_list)] = frozenset()
    """Kinds of alarms that are not looked for."""

    window: Annotated[timedelta, PlainValidator(_window)] = timedelta(minutes=10)
    failing_share: float = Field(0.5, gt=0, le=1)
    failing_least: int = Field(10, ge=1, le=500)
    silent_after: dict[str, Annotated[timedelta | None, PlainValidator(_silence)]] = Field(
        default_factory=dict, max_length=MOST_SILENCES
    )
    learn_silence: bool = True
    dead_letters: int = Field(1, ge=1, le=1_000)
    least_free_disk_mb: int = Field(1_024, ge=1)
    clock_seconds: int = Field(30, ge=5, le=86_400)
