"""How long a message may wait: written as waits between tries are (retries.py), ten seconds to seven days."""

from __future__ import annotations

from app.config.retries import read_delays

SHORTEST_SECONDS = 10
UNITS = (("d", 86_400), ("h", 3600), ("min", 60))


def lifetime_seconds(value: object) -> int:
    """Return the seconds; raises ValueError with a sentence that says what is right."""
    try:
        (seconds,) = read_delays([value])
    except ValueError:
        seconds = 0.0
    if seconds < SHORTEST_SECONDS:
        raise ValueError(
            "must be a number of seconds or a text such as '10 min', '2 h' or '3 d', 10 s to 7 d"
        )
    return int(seconds)


def lifetime_words(seconds: int) -> str:
    """Return a lifetime as people read it."""
    unit, length = next(((unit, length) for unit, length in UNITS if seconds % length == 0), ("s", 1))
    return f"{seconds // length} {unit}"
