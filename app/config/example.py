"""The settings in `.env.example`, made from the settings themselves so that the two cannot drift apart.

`python -m app.config.example` writes them. The simulator's credentials behind them are written by the simulator.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from app.config.settings import Settings

FILLED_BY_MAKE_RUN = ("secret_key", "api_tokens", "admin_password")

HEAD = """\
# Settings of Callgate. `flask init` and `make run` write .env from this file, with fresh random values behind the empty secrets.
# The real environment wins over .env. A line that is commented out shows the default.
# NAME_FILE=/run/secrets/name takes a value from a file: any setting here, and any ${NAME} of channels.toml.
# Relative paths begin at the own files: the working directory, or the folder that CALLGATE_HOME names in the environment.
"""

FILE = Path(".env.example")
NEXT_BLOCK = "# ----"
"""Begins what others write into the file: the simulator's credentials."""


def main() -> None:
    """Rewrite the settings in the working directory's file; what follows them stays as it is."""
    before = FILE.read_text(encoding="utf-8")
    after = env_example() + before[before.index(NEXT_BLOCK) :]
    if after != before:
        FILE.write_text(after, encoding="utf-8")
    sys.stdout.write(f"{FILE}: the settings are {'written' if after != before else 'as they should be'}\n")


def env_example() -> str:
    """Return the settings, which are the first part of the file."""
    lines = [HEAD]
    for name, field in Settings.model_fields.items():
        lines.append(f"# {field.description}")
        lines.append(_line(name, field))
        lines.append("")
    return "\n".join(lines) + "\n"


def _line(name: str, field: FieldInfo) -> str:
    if name in FILLED_BY_MAKE_RUN:
        return f"{name.upper()}="
    default = field.default
    if default is None or default == ():
        return f"# {name.upper()}="
    if isinstance(default, bool):
        default = int(default)
    if isinstance(default, tuple):
        default = ",".join(default)
    return f"# {name.upper()}={default}"


if __name__ == "__main__":
    main()
