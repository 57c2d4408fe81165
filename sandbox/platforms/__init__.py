"""Finds the simulated platforms by listing this folder: one folder each, which ends with SIMULATED.

The only place that knows where they are. Nothing outside names one of them, and none of them knows another.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from sandbox.simulated import Simulated


@cache
def simulated_platforms() -> tuple[Simulated, ...]:
    """Returns every simulated platform in the order in which pages and files show them."""
    found: list[Simulated] = []
    for module in pkgutil.iter_modules(__path__):
        platform: Simulated = importlib.import_module(f"{__name__}.{module.name}").SIMULATED
        if platform.name != module.name:
            raise ValueError(f"sandbox/platforms/{module.name} must be called {platform.name}, as its slug")
        found.append(platform)
    return tuple(sorted(found, key=lambda platform: (platform.place, platform.slug)))


@cache
def by_slug() -> Mapping[str, Simulated]:
    """Returns the simulated platforms by the slug that the gateway's channels use."""
    return MappingProxyType({platform.slug: platform for platform in simulated_platforms()})


@cache
def by_name() -> Mapping[str, Simulated]:
    """Returns the simulated platforms by the name that endpoints, lifetimes and addresses begin with."""
    return MappingProxyType({platform.name: platform for platform in simulated_platforms()})
