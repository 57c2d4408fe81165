"""The rules about the code's shape that neither the linter nor the import rules can see."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, calls, modules, repository_files, text, tree

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
DATABASE = Path("app/storage/database/db.py")
MIGRATIONS = Path("app/storage/database/schema.py")
# Shares one transaction between callers, so it has to open it.
GROUP_COMMIT = Path("app/storage/database/group_commit.py")
# Lends the database's connections, so it has to open them; it opens no transaction.
KEPT_CONNECTIONS = Path("app/storage/database/kept_connections.py")
# Work on an SQLite file as a file, beside every transaction: a backup, a restore, the question who has it open.
SQLITE_FILES = {
    Path("app/storage/database/sqlite_files.py"),
    Path("app/storage/database/use_by_others.py"),
}

# What imports by a name known only at run time: commands by name, platforms by folder, handlers by folder and setting.
DYNAMIC_IMPORTS = {
    Path("app/cli/groups.py"),
    Path("app/platforms/__init__.py"),
    Path("app/handlers/loading.py"),
}

# What belongs to one machine or one moment and not in a repository. The brackets keep this file out of its own net.
FOREIGN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.:/}>-])/(?:home|root|work|Users|opt/pypi)/\w"),
    "a package index's address": re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com))\b"),
    "a package index's option": re.compile(r"--(?:extra-)?index-u[r]l|--find-l[i]nks"),
    "unfinished work": re.compile(r"\b(?:T[O]DO|F[I]XME|H[A]CK)\b"),
    "a conflict left by a merge": re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE),
}

# Each forbidden package and the parts of app/ that may import it; every other part must be listed as a source.
HOMES = {
    "flask-in-web": {"web", "factory", "serving", "cli"},
    "sqlalchemy-in-storage": {"storage", "handlers"},
    "celery-in-worker": {"worker"},
    "requests-in-security": {"security"},
    "opentelemetry-in-telemetry": {"telemetry"},
}
OTHER_CONTRACTS = {
    "layers",
    "platforms-independent",
    "platforms-private",
    "simulated-platforms-independent",
    "simulated-platforms-private",
    "pipeline-stories",
    "storage-stories",
    "acyclic",
    "gateway-without-sandbox",
    "sandbox-without-gateway",
}

PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[a-z,-]+\])?==(?P<version>[0-9][0-9A-Za-z.]*)")
INCLUDE = re.compile(r"-[rc] [a-z-]+\.txt")


def import_rules() -> ConfigParser:
    """Return .importlinter as it is read by the tool."""
    rules = ConfigParser()
    rules.read(ROOT / ".importlinter", encoding="utf-8")
    return rules


def parts_of_app() -> set[str]:
    """Return the names of the packages and modules directly in app/."""
    return {path.parts[1].removesuffix(".py") for path in modules("app") if path != Path("app/__init__.py")}


def requirement_lines(name: str) -> list[str]:
    """Return a requirement file's lines without comments and blanks."""
    lines = (line.partition("#")[0].strip() for line in text(Path(name)).splitlines())
    return [line for line in lines if line]


def pins(name: str) -> dict[str, str]:
    """Return the version of each package pinned in a requirement file."""
    matches = (PIN.fullmatch(line) for line in requirement_lines(name))
    return {re.sub(r"[-_.]+", "-", match["name"]).lower(): match["version"] for match in matches if match}


def test_no_module_is_longer_than_four_hundred_lines():
    lengths = {path: len(text(path).splitlines()) for path in modules("app", "sandbox", "tests", "bench")}
    assert {str(path): lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_forty_lines():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in modules("app", "sandbox")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_only_the_database_module_commits_or_rolls_back():
    ending = [
        f"{path}:{line} {name}"
        for path in modules("app")
        if path != DATABASE
        for line, name in calls(path)
        if name.rpartition(".")[2] in {"commit", "rollback", "create_engine", "sessionmaker"}
    ]
    assert ending == []


def test_transactions_are_opened_through_the_database_object():
    opened_elsewhere = [
        f"{path}:{line} {name}"
        for path in modules("app")
        if path != DATABASE
        for line, name in calls(path)
        if name.endswith(".begin") and name.split(".")[-2].lstrip("_") != "database"
    ]
    assert opened_elsewhere == []


def test_storage_functions_other_than_migrations_are_given_their_transaction():
    opening = [
        f"{path}:{line} {name}"
        for path in modules("app")
        if path.parts[1] == "storage"
        and path not in {DATABASE, MIGRATIONS, GROUP_COMMIT, KEPT_CONNECTIONS, *SQLITE_FILES}
        for line, name in calls(path)
        if name.endswith((".begin", ".connect"))
    ]
    assert opening == []


def test_every_file_name_says_what_is_inside():
    empty_names = [
        str(path)
        for path in modules("app", "sandbox", "tests", "bench")
        if NAMES_THAT_SAY_NOTHING & {part.removesuffix(".py") for part in path.parts}
    ]
    assert empty_names == []


def test_every_module_says_what_lives_in_it():
    assert [str(path) for path in modules("app", "sandbox") if not ast.get_docstring(tree(path))] == []


def test_only_two_places_import_by_name_at_run_time():
    dynamic = {
        path
        for path in modules("app")
        for _, name in calls(path)
        if name.rpartition(".")[2] in {"import_module", "__import__", "find_loader", "exec_module"}
    }
    assert dynamic - DYNAMIC_IMPORTS == set()


def test_the_container_package_imports_nothing():
    imports = [
        node for node in tree(Path("app/__init__.py")).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imports == []


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_foreign_is_left_in_the_files(what):
    found = [
        f"{path}: {match.group()}"
        for path in repository_files()
        if (match := FOREIGN[what].search(text(path)))
    ]
    assert found == []


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-scale.txt",
        "requirements-otel.txt",
        "requirements-dev.txt",
        "requirements-bench.txt",
    ],
)
def test_every_requirement_is_pinned_exactly(name):
    lines = requirement_lines(name)
    assert [line for line in lines if not (PIN.fullmatch(line) or INCLUDE.fullmatch(line))] == []
    assert "-c constraints.txt" in lines


def test_the_constraints_name_every_direct_requirement_at_its_version():
    direct = pins("requirements.txt") | pins("requirements-scale.txt") | pins("requirements-dev.txt")
    direct |= pins("requirements-otel.txt")
    assert direct.items() - pins("constraints.txt").items() == set()


def test_the_constraints_are_nothing_but_exact_versions():
    assert [line for line in requirement_lines("constraints.txt") if not PIN.fullmatch(line)] == []


def test_no_import_contract_is_missing():
    prefix = "importlinter:contract:"
    contracts = {name.removeprefix(prefix) for name in import_rules().sections() if name.startswith(prefix)}
    assert contracts == OTHER_CONTRACTS | HOMES.keys()


def test_every_part_of_app_has_its_layer():
    layers = import_rules()["importlinter:contract:layers"]
    assert set(re.findall(r"\w+", layers["layers"])) == parts_of_app()
    assert layers.getboolean("exhaustive")


@pytest.mark.parametrize("contract", HOMES)
def test_a_forbidden_package_is_forbidden_everywhere_but_at_home(contract):
    sources = import_rules()[f"importlinter:contract:{contract}"]["source_modules"].split()
    assert {source.removeprefix("app.") for source in sources} | HOMES[contract] == parts_of_app()
    assert {source.removeprefix("app.") for source in sources} & HOMES[contract] == set()
