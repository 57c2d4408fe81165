"""Finds the platforms by listing this folder; the only place that imports a platform by name at run time."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from app.core.ports import PlatformSpec


@cache
def discover() -> Mapping[str, PlatformSpec]:
    """Return every platform in this folder by its slug; a module belongs here only if it defines PLATFORM."""
    found: dict[str, PlatformSpec] = {}
    for module in pkgutil.iter_modules(__path__):
        spec: PlatformSpec = importlib.import_module(f"{__name__}.{module.name}").PLATFORM
        found[spec.slug] = spec
    return MappingProxyType(found)


def translation_folders() -> list[Path]:
    """Return where the platforms keep the translations of their own names and sentences."""
    return sorted(path for place in __path__ for path in Path(place).glob("*/translations"))
