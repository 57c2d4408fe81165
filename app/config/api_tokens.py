"""API tokens as the environment (API_TOKENS) and the `[[api_tokens]]` tables of the channels file name them (CONTRACT §9c).

Only their own words are judged here. Whether their channels exist is judged where channels are open
(pipeline/api_tokens.py). The path patterns of the relay are read here, because they are configuration and pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from app.config.rates import checked_burst_rate

OLD_SCOPES = frozenset({"read", "send", "bind", "replay"})
"""What a token without scopes may do, now and later."""

METRICS = "metrics"
SCOPES = OLD_SCOPES | {
    "token",
    "relay",
    "user-token",
    METRICS,
    "operate",
    "tokens",
    "people",
    "clients",
}
RELAY = "relay"
LIMITED_BY_CHANNEL = frozenset({"token", "relay", "user-token", "send"})
"""Scopes whose every use names a channel, so that a list of channels means something for them."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DIGEST = re.compile(r"[0-9a-f]{64}")
METHOD = re.compile(r"[A-Z]{1,16}")
SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()+,=:@-]{1,200}")
ANY = "*"
MOST_PATTERNS, MOST_CHANNELS, MOST_SEGMENTS = 100, 100, 32


class PathPattern(NamedTuple):
    """Which calls a relay may make: a method (empty: every one) and segments, of which `*` stands for one, as the last for all that follow."""

    method: str
    segments: tuple[str, ...]

    def matches(self, method: str, path: str) -> bool:
        """Say whether a call is meant; the path begins with a slash and is judged already. Linear in its length."""
        parts = path[1:].split("/")
        if self.method not in ("", method) or len(parts) < len(self.segments):
            return False
        if len(parts) > len(self.segments) and self.segments[-1] != ANY:
            return False
        return all(own in (ANY, part) for own, part in zip(self.segments, parts, strict=False))


@lru_cache(maxsize=4096)
def path_pattern(text: str) -> PathPattern:
    """Read a pattern such as `/cgi-bin/user/*` or `GET /open-apis/im/v1/*`; raises ValueError. One of `*` alone is none."""
    method, _, path = text.rpartition(" ")
    segments = tuple(path[1:].split("/"))
    is_good = path.startswith("/") and (not method or METHOD.fullmatch(method))
    if not is_good or len(segments) > MOST_SEGMENTS or not all(map(_is_segment, segments)):
        raise ValueError(
            f"{text[:80]!r} is no path such as /cgi-bin/user/* or GET /cgi-bin/user/get; * stands for a whole segment"
        )
    if segments[0] == ANY:
        raise ValueError(
            "a path begins with a segment of its own; * alone would open everything the account can do"
        )
    return PathPattern(method, segments)


def _is_segment(text: str) -> bool:
    return text == ANY or (SEGMENT.fullmatch(text) is not None and text not in (".", ".."))


def checked_name(value: str) -> str:
    """Return a token's name; raises ValueError."""
    if not NAME.fullmatch(value):
        raise ValueError("may hold only letters, digits, . _ and - (64 at most)")
    return value


def _digest(value: str) -> str:
    if value and not DIGEST.fullmatch(value.lower()):
        raise ValueError("must be the 64 hex digits of the token's SHA-256")
    return value.lower()


class ApiToken(BaseModel):
    """One API token and what it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    token: str = Field("", repr=False)
    token_sha256: Annotated[str, AfterValidator(_digest)] = Field("", repr=False)
    scopes: frozenset[str] = OLD_SCOPES
    channels: tuple[str, ...] = Field((), max_length=MOST_CHANNELS)
    paths: tuple[str, ...] = Field((), max_length=MOST_PATTERNS)
    rate: str = ""

    @field_validator("scopes")
    @classmethod
    def _known(cls, scopes: frozenset[str]) -> frozenset[str]:
        if not scopes <= SCOPES:
            raise ValueError(f"has an unknown scope; the scopes are {', '.join(sorted(SCOPES))}")
        return scopes

    @field_validator("paths")
    @classmethod
    def _readable(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            path_pattern(path)
        return paths

    @field_validator("rate")
    @classmethod
    def _rate(cls, rate: str) -> str:
        return checked_burst_rate(rate) if rate else rate

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if fault := fault_of_limits(self.scopes, channels=self.channels, paths=self.paths):
            raise ValueError(fault)
        return self


class FileToken(ApiToken):
    """One `[[api_tokens]]` table."""

    name: Annotated[str, AfterValidator(checked_name)]

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if bool(self.token) == bool(self.token_sha256):
            raise ValueError("needs token or token_sha256, one of the two")
        if RELAY in self.scopes and not self.paths:
            raise ValueError(
                'has the scope relay and no paths; write what may be called, such as paths = ["/cgi-bin/user/*"]'
            )
        return self


def fault_of_limits(scopes: frozenset[str], *, channels: Iterable[str], paths: Iterable[str]) -> str | None:
    """Say what is wrong with a token's limits, None when nothing is."""
    wide = sorted(scopes - LIMITED_BY_CHANNEL)
    if tuple(channels) and wide:
        return (
            f"channels limits {', '.join(sorted(LIMITED_BY_CHANNEL))} alone; "
            f"{', '.join(wide)} would reach every channel all the same, so give them to another token"
        )
    if tuple(paths) and RELAY not in scopes:
        return "paths is for the scope relay, which this token has not"
    return None
