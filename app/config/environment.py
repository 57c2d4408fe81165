"""The only place that reads the process environment and `.env`; the real environment always wins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values


def read_environment(dotenv: Path | None = Path(".env")) -> Mapping[str, str]:
    """Return the environment laid over the `.env` file, whose lines never override it."""
    from_file = dotenv_values(dotenv) if dotenv is not None and dotenv.is_file() else {}
    return {key: value for key, value in from_file.items() if value is not None} | dict(os.environ)
