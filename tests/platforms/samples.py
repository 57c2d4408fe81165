"""What a folder of this package tells the suites that every platform goes through; folders are found by listing.

`sample.py` holds SAMPLES: one entry for each mode of the platform, with settings that open a channel and a way to
prove any body to it. OWN_VALUES, where not every text will do, are an operator's values for the simulator's variables.
`simulator_client.py`, where the simulator has pages of the platform, opens them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.core.values import InboundRequest
from app.platforms import discover
from tests.databases import BACKENDS
from tests.platforms.deliveries import NOW
from tests.sizes import IS_LONG

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """A channel of one platform in one mode.

    `prove` puts a correct signature on any body (None: the platform takes no callbacks); `body` is one it
    understands. `covers_body` is False where the platform's own proof leaves the body out; `has_window` is False
    where it does not bound the age of a request; `proof_in_body` is True where the body itself carries the proof.
    """

    slug: str
    mode: str
    settings: Mapping[str, Any]
    prove: Callable[[bytes], InboundRequest] | None = None
    body: bytes = b"{}"
    now: datetime = NOW
    covers_body: bool = True
    has_window: bool = True
    proof_in_body: bool = False
    prove_at: Callable[[bytes, str], InboundRequest] | None = None
    """Puts a correct signature on a body at an address with this query, where the query is signed too."""

    def open(self) -> Any:
        """Open the channel."""
        spec = discover()[self.slug]
        return spec.open("sample", spec.settings.model_validate(dict(self.settings)))


@cache
def modules(name: str) -> tuple[ModuleType, ...]:
    """Return the module of this name of each platform's folder that has one."""
    folders = [module.name for module in pkgutil.iter_modules([str(FOLDER)]) if module.ispkg]
    having = [folder for folder in folders if (FOLDER / folder / f"{name}.py").is_file()]
    return tuple(importlib.import_module(f"tests.platforms.{folder}.{name}") for folder in having)


@cache
def samples() -> tuple[Sample, ...]:
    """Return the samples of every platform."""
    return tuple(sample for module in modules("sample") for sample in module.SAMPLES)


def on_a_database(chosen: Sequence[Sample]) -> pytest.MarkDecorator:
    """Run a test for each sample on one kind of database, in turn, and on all of them in the long form."""
    pairs = [
        pytest.param(
            backend,
            sample,
            id=f"{backend}-{sample.slug}-{sample.mode}",
            marks=[] if backend == "sqlite" else pytest.mark.services,
        )
        for number, sample in enumerate(chosen)
        for backend in (BACKENDS if IS_LONG else [BACKENDS[number % len(BACKENDS)]])
    ]
    return pytest.mark.parametrize(("backend", "sample"), pairs, indirect=["backend"])


def own_values() -> dict[str, str]:
    """Return what an operator may write for those variables of the simulator that do not take any text."""
    return {
        name: value
        for module in modules("sample")
        for name, value in getattr(module, "OWN_VALUES", {}).items()
    }
