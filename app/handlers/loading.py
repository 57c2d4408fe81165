"""Loads handlers: the modules of the own folder `handlers/`, and those that HANDLERS names besides.

The folder is a package called `handlers`, so its modules may import each other, and a route is called
`handlers.<module>.<function>`. Each load makes the package anew: two gateways in one process share no module. Whatever
is wrong with a module becomes a sentence that names the file, the line and the error.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from app.core.errors import ConfigurationError
from app.pipeline.router import MOST_OF_ON_DEAD_NAME, Router

PACKAGE = "handlers"
PRODUCT_PACKAGE = "app.handlers"
PRODUCT_FOLDER = Path(__file__).parent
PRODUCT_MODULES = frozenset({"__init__", "loading"})
"""What belongs into app/handlers/; anything else there was written for a version that loaded handlers from it."""

LONGEST_ERROR = 300


class Handlers(NamedTuple):
    """Every route, and what a person should hear about modules that take no part."""

    router: Router
    notices: tuple[str, ...]


class _Found(NamedTuple):
    """What was loaded so far."""

    router: Router
    faults: list[str]
    notices: list[str]
    included: list[Router]


def load_handlers(
    folder: Path, modules: Sequence[str] = (), *, product_folder: Path = PRODUCT_FOLDER
) -> Handlers:
    """Load the folder and the named modules; raises ConfigurationError with every fault."""
    found = _Found(Router(), _left_behind(product_folder, modules), [], [])
    if folder.is_dir():
        with _without_bytecode():
            _load_folder(folder.resolve(), found)
    for name in modules:
        _load_named(name, folder, found)
    if found.faults:
        raise ConfigurationError(list(dict.fromkeys(found.faults)))
    return Handlers(found.router, tuple(found.notices))


def _load_folder(folder: Path, found: _Found) -> None:
    """Load each module whose name does not begin with `_`; those are for the others to import."""
    try:
        loaded = {PACKAGE: _fresh_package(folder)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module of the user's raises
        found.faults.append(_sentence(error, folder, folder / "__init__.py"))
        return
    for item in pkgutil.iter_modules([str(folder)]):
        if item.name.startswith("_"):
            continue
        name = f"{PACKAGE}.{item.name}"
        try:
            loaded[name] = importlib.import_module(name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            found.faults.append(_sentence(error, folder, folder / f"{item.name}.py"))
    prefixes = {name: getattr(module, "ROUTE_PREFIX", name) for name, module in loaded.items()}
    for name, module in loaded.items():
        _take_router(module, prefixes, found, optional=name == PACKAGE)


def _fresh_package(folder: Path) -> ModuleType:
    """Put an empty package over the folder in place of what an earlier load left, and run its `__init__.py` if it has one."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]
    beginning = folder / "__init__.py"
    spec: ModuleSpec | None
    if beginning.is_file():
        spec = importlib.util.spec_from_file_location(
            PACKAGE, beginning, submodule_search_locations=[str(folder)]
        )
    else:
        spec = ModuleSpec(PACKAGE, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
    assert spec is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    if spec.loader is not None:
        spec.loader.exec_module(package)
    return package


def _take_router(module: ModuleType, prefixes: dict[str, str], found: _Found, *, optional: bool) -> None:
    """Include a module's routes; one without a router is told, because nothing in it would ever run."""
    router, file = getattr(module, "router", None), getattr(module, "__file__", None)
    if not isinstance(router, Router):
        if not optional:
            found.notices.append(
                f"{file} has no router, so nothing in it is called: write `router = Router()` and @router.on(…), "
                "or begin the file's name with _ when other modules import it."
            )
        return
    try:
        _include(_renamed(router, prefixes), router, found)
    except ValueError as error:
        found.faults.append(f"{file}: {error}.")


def _renamed(router: Router, prefixes: dict[str, str]) -> Router:
    """Return the routes under the names that their modules want: ROUTE_PREFIX keeps what is stored findable after a move."""
    renamed = Router()
    for route in router.routes:
        renamed.add(replace(route, name=_wanted_name(route.name, prefixes)))
    for on_dead in router.on_dead_routes:
        renamed.add_on_dead(replace(on_dead, name=_wanted_name(on_dead.name, prefixes)))
    return renamed


def _wanted_name(name: str, prefixes: dict[str, str]) -> str:
    """Put the prefix of the innermost module before the function's name; raises ValueError for one that is too long."""
    home = max((module for module in prefixes if name.startswith(f"{module}.")), key=len, default="")
    wanted = prefixes.get(home, home) + name.removeprefix(home)
    if wanted != name and len(wanted) > MOST_OF_ON_DEAD_NAME:
        raise ValueError(f"the name {wanted} is too long; choose a shorter ROUTE_PREFIX")
    return wanted


def _include(routes: Router, source: Router, found: _Found) -> None:
    """Add a router's routes once, however many ways lead to it."""
    if not any(source is known for known in found.included):
        found.included.append(source)
        found.router.include(routes)


def _load_named(name: str, folder: Path, found: _Found) -> None:
    try:
        routers = list(_routers_of(name))
        for router in routers:
            _include(router, router, found)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module of the user's raises
        moved = (folder / f"{name.rpartition('.')[2]}.py").is_file() and name.startswith(PRODUCT_PACKAGE)
        cure = f" It is in {folder}/ now, which is loaded by itself; take the name out." if moved else ""
        found.faults.append(f"HANDLERS: {name} cannot be loaded: {_short(error)}.{cure}")
        return
    if not routers:
        found.notices.append(
            f"HANDLERS: {name} has no router, so nothing in it is called; take the name out."
        )


def _routers_of(name: str) -> Iterator[Router]:
    """Yield the routers of a module and of the modules right inside it."""
    module = importlib.import_module(name)
    inner = [f"{name}.{item.name}" for item in pkgutil.iter_modules(getattr(module, "__path__", []))]
    for each in (module, *(importlib.import_module(each) for each in inner)):
        if isinstance(getattr(each, "router", None), Router):
            yield each.router


def _left_behind(product_folder: Path, modules: Iterable[str]) -> list[str]:
    """Name what was written into the product's folder and would silently stop being called."""
    named = set(modules)
    return [
        f"{product_folder / item.name}{'' if item.ispkg else '.py'} is not loaded from there any more; "
        "`python -m app.cli.take_over` moves it to handlers/ (docs/upgrading.md)."
        for item in pkgutil.iter_modules([str(product_folder)])
        if item.name not in PRODUCT_MODULES
        and not named & {PRODUCT_PACKAGE, f"{PRODUCT_PACKAGE}.{item.name}"}
    ]


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Write no `__pycache__` into the user's folder: an edit within the same second would find the old code in it."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _sentence(error: BaseException, folder: Path, file: Path) -> str:
    """Say in which of the user's files, at which line, loading ended."""
    line: int | None = None
    if isinstance(error, SyntaxError) and error.filename:
        file, line = Path(error.filename), error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(folder):
                file, line = Path(frame.filename), frame.lineno
    where = f"{file}, line {line}," if line is not None else str(file)
    return f"{where} cannot be loaded: {_short(error)}."


def _short(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{error.__class__.__name__}: {text[:LONGEST_ERROR]}".rstrip(": .")
