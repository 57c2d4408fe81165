"""Where each setting's value comes from: the environment, `.env`, the file that NAME_FILE names, or the default."""

from __future__ import annotations

from collections.abc import Mapping

from app.config.environment import DOTENV, Environment
from app.config.settings import Settings

ENVIRONMENT, DEFAULT = "environment", "default"


def setting_origins(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a word for each setting, by its name in the environment: `environment`, `.env`, `NAME_FILE=…` or `default`."""
    return {name: _origin(environment, name) for name in (field.upper() for field in Settings.model_fields)}


def _origin(environment: Mapping[str, str], name: str) -> str:
    written = environment.written if isinstance(environment, Environment) else frozenset[str]()
    place = environment.get(f"{name}_FILE", "").strip()
    if place:
        return f"{name}_FILE={place}"
    if not environment.get(name, "").strip():
        return DEFAULT
    return DOTENV if name in written else ENVIRONMENT
