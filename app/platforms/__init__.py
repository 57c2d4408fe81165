"""Finds the platforms by listing this folder; the only place that imports a platform by name at run time.

Beside platforms with code there are sources that are data: one TOML file each in `sources/`, or an operator's own; and logins that are,
in `oauth2/presets/`. A folder with the slug of a source in `sources/` holds the sending of that party, and the two are one platform.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.core.errors import ConfigurationError
from app.core.ports import PlatformSpec
from app.wire.sources.catalogue import Catalogue
from app.wire.sources.description import KINDS

if TYPE_CHECKING:
    from app.wire.logins.catalogue import LoginCatalogue

SOURCES = Path(__file__).parent / "sources"
LOGINS = Path(__file__).parent / "oauth2" / "presets"


@cache
def coded_slugs() -> frozenset[str]:
    """Return the slugs of the platforms in this folder, without loading one; `_` in a module's name is `-` in its slug."""
    return frozenset(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


@cache
def coded(slug: str) -> PlatformSpec:
    """Load one platform of coded_slugs; a module belongs here only if it defines PLATFORM."""
    module = importlib.import_module(f"{__name__}.{slug.replace('-', '_')}")
    spec: PlatformSpec = module.PLATFORM
    return spec


@cache
def discover() -> Mapping[str, PlatformSpec]:
    """Load every platform in this folder, and return them by their slugs: for lists and pages, not for a start."""
    known = Platforms()
    return MappingProxyType({slug: known[slug] for slug in sorted(coded_slugs())})


@cache
def catalogue() -> Catalogue:
    """Return the sources that come with the gateway."""
    return Catalogue(SOURCES)


@cache
def presets() -> LoginCatalogue:
    """Return the described logins that come with the gateway."""
    # Their language is loaded by whoever has such a login.
    from app.wire.logins.catalogue import LoginCatalogue

    return LoginCatalogue(LOGINS)


def own_catalogue(folder: Path) -> Catalogue:
    """Return the sources of an operator's own folder."""
    return Catalogue(folder)


class Platforms(Mapping[str, PlatformSpec]):
    """Every platform a channel may name: those with code, the gateway's sources, an operator's own, descriptions on the spot.

    A file is read when a channel names it. `_` in a slug means the same as `-`.
    """

    def __init__(self, own_sources: Path | None = None, *, public_base_url: str = ""):
        self._base = public_base_url
        self._own = Catalogue(own_sources)
        self._kept: dict[str, PlatformSpec] = {}

    def __getitem__(self, slug: str) -> PlatformSpec:
        name = slug.replace("_", "-")
        if name in coded_slugs() and name not in catalogue():
            return coded(name)
        if name not in self._kept:
            self._kept[name] = self._made(name)
        return self._kept[name]

    def _made(self, slug: str) -> PlatformSpec:
        # What compiles descriptions is loaded by the first channel that has one.
        from app.wire.sources.joined import joined_platform
        from app.wire.sources.platform import described_platform, platform_on_the_spot

        if slug in (ours := catalogue()):
            source = described_platform(ours[slug], self._base, page=f"docs/platforms/sources/{slug}.md")
            return joined_platform(source, coded(slug)) if slug in coded_slugs() else source
        if slug in self._own:
            return described_platform(self._own[slug], self._base)
        if slug in KINDS:
            return platform_on_the_spot(slug, self._base)
        raise KeyError(slug)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys([*sorted(coded_slugs()), *catalogue(), *self._own, *KINDS])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def check_own(self) -> None:
        """Read every file of the operator's own; raises ConfigurationError with all faults."""
        faults = self._own.faults()
        faults += [
            f"sources/{slug}.toml: a platform of the gateway has this slug; choose another one."
            for slug in self._own
            if (slug in coded_slugs() and slug not in catalogue()) or slug in KINDS
        ]
        if faults:
            raise ConfigurationError(faults)

    def hidden_own(self) -> list[str]:
        """Return a sentence for each own file that takes no part, because the gateway has a source of that slug."""
        return [
            f"sources/{slug}.toml takes no part: the gateway has a source of that slug; give yours another one"
            for slug in self._own
            if slug in catalogue()
        ]


def translation_folders() -> list[Path]:
    """Return where the platforms keep the translations of their own names and sentences."""
    return sorted(path for place in __path__ for path in Path(place).glob("*/translations"))
