"""The text behind a name: the environment's own, or the content of the file that NAME_FILE points at.

So a secret can stay in the file that a secret store writes. Only names that are asked for are looked up; other
variables that happen to end in _FILE mean nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.config.home import home_of

MOST_BYTES = 65_536
"""Keys and certificates are a few kilobytes; whatever is larger was not meant."""


class NamedValues:
    """Looks names up; what is wrong with a file is kept in `faults`, a sentence each, and counts as not set."""

    def __init__(self, environment: Mapping[str, str]):
        self._environment = environment
        self._home = home_of(environment)
        self.faults: list[str] = []

    def get(self, name: str) -> str | None:
        """Return a value, None when it is neither written nor kept in a file."""
        written = self._environment.get(name)
        place = self._environment.get(f"{name}_FILE", "").strip()
        if not place:
            return written
        if written is not None and written.strip():
            self.faults.append(f"{name} and {name}_FILE are both set; keep one of the two.")
            return None
        return self._content(name, self._home / place)

    def _content(self, name: str, path: Path) -> str | None:
        """Read a file without the line end that editors and `echo` leave behind it."""
        try:
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
            if len(raw) > MOST_BYTES:
                self.faults.append(f"{name}_FILE: {path} is larger than {MOST_BYTES} bytes.")
                return None
            return raw.decode("utf-8-sig").rstrip("\r\n")
        except (OSError, ValueError) as error:
            self.faults.append(f"{name}_FILE: {path} cannot be read ({error.__class__.__name__}).")
            return None
