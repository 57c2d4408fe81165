"""The folder handlers/: what is loaded, how routes are called, and what a person is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ConfigurationError
from app.handlers import loading
from app.handlers.loading import Handlers, load_handlers

HANDLER = """
from app.handlers import Router
router = Router()
@router.on("{source}", "*")
def f(event, context):
    return "{source}"
"""


def folder_with(tmp_path: Path, **modules: str) -> Path:
    folder = tmp_path / "handlers"
    for name, text in modules.items():
        file = folder / (name.replace("__slash__", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def names(loaded: Handlers) -> list[str]:
    return [route.name for route in loaded.router.routes]


def faults_of(folder: Path, modules: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_handlers(folder, modules)
    return "\n".join(caught.value.faults)


def test_a_route_is_called_after_its_module_and_function(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, mine=HANDLER.format(source="a"), other=HANDLER.format(source="b"))
    assert names(load_handlers(folder)) == ["handlers.mine.f", "handlers.other.f"]


def test_without_a_folder_there_is_no_handler(tmp_path: Path) -> None:
    loaded = load_handlers(tmp_path / "handlers")
    assert (loaded.router.routes, loaded.notices) == ([], ())


def test_a_module_without_a_router_is_told_with_the_cure(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, silent="x = 1\n", mine=HANDLER.format(source="a"))
    loaded = load_handlers(folder)
    (notice,) = loaded.notices
    assert notice.startswith(f"{folder}/silent.py has no router")
    assert "router = Router()" in notice
    assert names(loaded) == ["handlers.mine.f"]


def test_a_router_that_is_none_of_ours_is_told_too(tmp_path: Path) -> None:
    assert len(load_handlers(folder_with(tmp_path, odd="router = []\n")).notices) == 1


def test_files_that_begin_with_an_underscore_are_for_the_others(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        _prices="RATE = 7\n",
        mine="from handlers._prices import RATE\nfrom . import _prices\n" + HANDLER.format(source="a"),
    )
    loaded = load_handlers(folder)
    assert loaded.notices == ()
    assert names(loaded) == ["handlers.mine.f"]


def test_two_gateways_in_one_process_share_no_module(tmp_path: Path) -> None:
    first = load_handlers(folder_with(tmp_path / "one", mine=HANDLER.format(source="one")))
    second = load_handlers(folder_with(tmp_path / "two", mine=HANDLER.format(source="two")))
    answers = [loaded.router.routes[0].handler(None, None) for loaded in (first, second, first)]  # type: ignore[arg-type]
    assert answers == ["one", "two", "one"]


def test_an_edit_is_seen_by_the_next_load_and_leaves_no_cache_behind(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, mine=HANDLER.format(source="old"))
    load_handlers(folder)
    folder_with(tmp_path, mine=HANDLER.format(source="new"))
    assert load_handlers(folder).router.routes[0].source == "new"
    assert [path.name for path in folder.iterdir()] == ["mine.py"]


@pytest.mark.parametrize(
    ("text", "line", "error"),
    [
        ("\nraise ValueError('boom')\n", 2, "ValueError: boom"),
        ("def f(:\n", 1, "SyntaxError: invalid syntax"),
        ("import nowhere_at_all\n", 1, "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("\n\nraise SystemExit(3)\n", 3, "SystemExit: 3"),
        ("from app.handlers import Rooter\n", 1, "ImportError: cannot import name 'Rooter'"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_a_sentence_with_file_line_and_error(
    tmp_path: Path, text: str, line: int, error: str
) -> None:
    folder = folder_with(tmp_path, broken=text)
    assert faults_of(folder).startswith(f"{folder}/broken.py, line {line}, cannot be loaded: {error}")


def test_every_broken_module_is_named_and_a_shared_cause_once(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, a="import handlers._c\n", b="import handlers._c\n", _c="\n1 / 0\n", d="1 / 0\n"
    )
    named = faults_of(folder).splitlines()
    assert len(named) == 2
    assert named[0].startswith(f"{folder}/_c.py, line 2,")
    assert named[1].startswith(f"{folder}/d.py, line 1,")


def test_modules_that_are_named_are_loaded_besides_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere_named.py").write_text(HANDLER.format(source="b"))
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = folder_with(tmp_path, mine=HANDLER.format(source="a"))
    loaded = load_handlers(folder, ("elsewhere_named", "handlers.mine"))
    assert names(loaded) == ["handlers.mine.f", "elsewhere_named.f"]


def test_a_named_module_without_a_router_is_told(tmp_path: Path) -> None:
    loaded = load_handlers(tmp_path / "handlers", ("app.handlers",))
    assert loaded.notices == (
        "HANDLERS: app.handlers has no router, so nothing in it is called; take the name out.",
    )


def test_a_name_whose_module_was_moved_says_so(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, mine=HANDLER.format(source="a"))
    assert "take the name out" in faults_of(folder, ("app.handlers.mine",))


def test_two_functions_that_want_one_name_are_a_fault(tmp_path: Path) -> None:
    named = HANDLER.replace('"*"', '"*", name="same"')
    folder = folder_with(tmp_path, a=named.format(source="a"), b=named.format(source="b"))
    assert "two handlers are called same" in faults_of(folder)


def test_a_prefix_keeps_the_names_that_are_stored(tmp_path: Path) -> None:
    prefix = 'ROUTE_PREFIX = "app.handlers.{}"\n'
    folder = folder_with(
        tmp_path,
        mine=HANDLER.format(source="a") + prefix.format("mine"),
        new=HANDLER.format(source="b"),
        pack__slash____init__="from .inner import router\n" + prefix.format("pack"),
        pack__slash__inner=HANDLER.format(source="c"),
    )
    assert names(load_handlers(folder)) == [
        "app.handlers.mine.f",
        "handlers.new.f",
        "app.handlers.pack.inner.f",
    ]


def test_a_prefix_names_what_runs_at_a_death_too(tmp_path: Path) -> None:
    text = HANDLER.format(source="a") + "@router.on_dead()\ndef mourn(event, context): ...\n"
    loaded = load_handlers(folder_with(tmp_path, mine=text + 'ROUTE_PREFIX = "handlers.old"\n'))
    assert [route.name for route in loaded.router.on_dead_routes] == ["handlers.old.mourn"]
    too_long = text + f'ROUTE_PREFIX = "{"x" * 125}"\n'
    assert "choose a shorter ROUTE_PREFIX" in faults_of(folder_with(tmp_path, mine=too_long))


def test_what_waits_under_the_old_name_finds_a_handler_that_was_moved(
    services_with: Any, tmp_path: Path
) -> None:
    router = load_handlers(folder_with(tmp_path, mine=HANDLER.format(source="callback"))).router
    services = services_with(router=router)
    assert services.find_route("app.handlers.mine.f") is router.routes[0]
    assert services.find_route("handlers.mine.f") is router.routes[0]
    assert services.find_route("app.handlers.gone.f") is None


def test_a_module_left_in_the_products_folder_stops_the_start(tmp_path: Path) -> None:
    product = folder_with(tmp_path, mine=HANDLER.format(source="a"), loading="")
    with pytest.raises(ConfigurationError) as caught:
        load_handlers(tmp_path / "none", product_folder=product)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{product}/mine.py is not loaded from there any more")
    assert "app.cli.take_over" in fault


def test_a_module_left_there_is_fine_where_the_settings_name_it(tmp_path: Path) -> None:
    product = folder_with(tmp_path, mine=HANDLER.format(source="a"))
    loaded = load_handlers(tmp_path / "none", ("app.handlers",), product_folder=product)
    assert loaded.router.routes == []


def test_the_products_own_modules_are_the_ones_it_knows() -> None:
    here = Path(loading.__file__).parent
    assert {path.stem for path in here.glob("*.py")} == loading.PRODUCT_MODULES


def test_the_import_that_handlers_rely_on_is_whole() -> None:
    from app.handlers import Context, Event, PermanentError, Postponed, Router

    assert all((Context, Event, PermanentError, Postponed, Router))
