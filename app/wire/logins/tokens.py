"""Tokens out of an answer, and what of it is kept sealed beside them for the calls that come later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.core.errors import UpstreamError
from app.core.values import TokenSet
from app.wire.logins.description import TokenCall
from app.wire.logins.places import Path, alternatives, as_text, first_of
from app.wire.oauth2 import TOKEN, at_path

KEPT = "login"
"""Under this name the parts of earlier answers are kept, sealed."""

NO_TOKEN = "none"  # noqa: S105 - says that there is no token
LONGEST_LIFETIME = 315_360_000
LONGEST_KEPT = 2048
MILLISECONDS = 1000
MOST_DIGITS = 20
NEVER_KEPT = ("session_key", "access_token", "refresh_token", "id_token")


class TokenReader:
    """Reads the answers of one token call."""

    def __init__(self, call: TokenCall):
        """Compile the paths; raises ValueError."""
        self._call = call
        self._access, self._refresh, self._end, self._refresh_end = (
            alternatives(text) if text else ()
            for text in (call.access_token, call.refresh_token, call.expires, call.refresh_expires)
        )

    def read(
        self, body: Mapping[str, Any], *, now: float, before: TokenSet | None, scope: str | None
    ) -> TokenSet:
        """Return the tokens of an answer; what a refresh does not name stays. Raises UpstreamError when there is no token."""
        access = token_text(first_of(body, self._access)) if self._access else NO_TOKEN
        if access is None:
            raise UpstreamError(
                "upstream_bad_answer", "The login server's answer holds no usable access token."
            )
        granted, kind = body.get("scope"), body.get("token_type")
        return TokenSet(
            access_token=access,
            expires_in=self._lifetime(first_of(body, self._end), now) or self._call.expires_default,
            refresh_token=token_text(first_of(body, self._refresh))
            or (before.refresh_token if before else None),
            refresh_expires_in=seconds(first_of(body, self._refresh_end)),
            scope=granted if isinstance(granted, str) and granted else scope,
            token_type=kind if isinstance(kind, str) and kind else "Bearer",
        )

    def _lifetime(self, value: object, now: float) -> int | None:
        if self._call.expires_kind == "seconds":
            return seconds(value)
        end = seconds(value, longest=LONGEST_LIFETIME * 100_000)
        if end is None:
            return None
        at = end / MILLISECONDS if self._call.expires_kind == "epoch_ms" else end
        return min(max(1, int(at - now)), LONGEST_LIFETIME)


def token_text(value: object) -> str | None:
    """Return a token that fits into a header, None for anything else."""
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else None


def seconds(value: object, longest: int = LONGEST_LIFETIME) -> int | None:
    """Return a lifetime given as number or text; None for nonsense, zero and less, which would mean endless refreshing."""
    if isinstance(value, str):
        value = int(value[:MOST_DIGITS]) if value.isascii() and value.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return max(1, int(min(value, longest)))


def kept_parts(answers: Mapping[str, Any], paths: Iterable[Path]) -> str:
    """Return, as JSON, what stands at these paths: short texts, numbers and booleans, never a secret of the login itself."""
    found: list[list[Any]] = []
    for path in sorted(paths):
        if path[0] not in answers or path[-1] in NEVER_KEPT:
            continue
        value = at_path(answers[path[0]], path[1:])
        if isinstance(value, bool) or (as_text(value) is not None and len(str(value)) <= LONGEST_KEPT):
            found.append([*path, value])
    return json.dumps(found)


def answers_kept(tokens: TokenSet) -> dict[str, Any]:
    """Return the kept parts as answers that paths can be looked up in."""
    answers: dict[str, Any] = {}
    for *path, last, value in json.loads(tokens.extra.get(KEPT, "[]")):
        at = answers
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value
    return answers
