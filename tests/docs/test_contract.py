"""The contract and the code name the same settings, commands, addresses and error words, each way round."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from app.config.settings import Settings
from app.factory import create_app
from app.pipeline.services import Services
from app.web.callbacks.front_door import callback_target
from app.web.errors import WORDS
from tests.architecture.source import modules, tree
from tests.docs.pages import CONTRACT, addresses, page, rows, section, spans, terminal, without_names

pytestmark = pytest.mark.backends("sqlite")
NOT_SETTINGS = {"CALLGATE_HOME", "NAME_FILE", "VAR_FILE", "POST", "GET", "HEAD"}
"""Words in capitals that are no setting: where own files are, patterns of names, methods."""

PAGES_OF_PEOPLE = ("/bind/<>/", "/authorise/<>/<>/", "/dev/", "/static/<>", "/console/")
"""Addresses that a page of ours calls and nobody else."""

CALLBACKS = ("/webhooks/x", "/wechat/x", "/wechat", "/api/platform/callback", "/api/v2/platform/callback")
OURS = ("/api/", "/oauth/", "/oidc/", "/auth/", "/.well-known/jwks")
OF_OTHERS = {"/api/v4/user"}
"""What a text says of a platform's own addresses."""

OF_A_PLATFORM = ("app/platforms/", "app/wire/")
FIRST_ARGUMENT = {"CallgateError", "RequestError", "RefusedError", "LoginError", "UpstreamError"}
BY_NAME = {"VerificationError", "PayloadError"}
MADE_UP_NAMES = {"app/web/dev/simulator.py"}
"""Told to the front page of a development gateway alone."""


@pytest.fixture
def app(services_with: Callable[..., Services]) -> Flask:
    """A gateway that has the OpenID provider too."""
    return create_app(services=services_with(env={"CLIENT_REGISTRATION": "1"}))


def settings_of_contract() -> set[str]:
    words = re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)(?:=[^`]*)?`", section(CONTRACT, "3. Settings"))
    return {word for word in words if len(word) > 3} - NOT_SETTINGS


def test_the_contract_names_every_setting_and_no_other() -> None:
    assert settings_of_contract() == {name.upper() for name in Settings.model_fields}


def commands_of_contract() -> dict[str, str]:
    """Return what stands in the table of commands behind `flask`, with the words of the row."""
    found: dict[str, str] = {}
    for first, _does in rows(section(CONTRACT, "2. Commands")):
        if "`flask " not in first:
            continue
        base = ""
        for number, text in enumerate(re.findall(r"`([^`]+)`", first)):
            words = [word for word in text.split() if re.fullmatch(r"[a-z-]+", word) and word[0] != "-"]
            if number == 0:
                base, words = " ".join(words[1:-1]), words[1:]
            elif text.startswith(("-", "·")) or not words:
                continue
            name = " ".join(words if number == 0 else [base, words[0]]).strip()
            found[name] = first
    return found


def test_the_contract_names_every_command_and_no_other(services: Services) -> None:
    typed = {name for name, command in terminal(services).items() if not isinstance(command, click.Group)}
    assert set(commands_of_contract()) == typed


def test_every_option_of_the_contract_exists(services: Services) -> None:
    commands = terminal(services)
    for name, row in commands_of_contract().items():
        if name == "init":
            continue
        siblings = [each for other, each in commands.items() if other.split()[0] == name.split()[0]]
        known = {option for each in siblings for param in each.params for option in _spellings(param)}
        assert set(re.findall(r"--[a-z-]+", row)) <= known, name


def _spellings(param: click.Parameter) -> list[str]:
    return [*param.opts, *param.secondary_opts]


def addresses_of_contract() -> set[str]:
    """Return every address of ours in the text, without query and names of parameters."""
    found: set[str] = set()
    for span in spans(page(CONTRACT)):
        for text in re.findall(r"(?:^|[ `])(/[^\s`?{|]*)", span):
            found.add(without_names(text))
    return found


def test_every_address_stands_in_the_contract(app: Flask) -> None:
    ours = {each for each in addresses(app) if not each.startswith(PAGES_OF_PEOPLE)}
    assert ours - addresses_of_contract() == set()


def test_every_address_of_the_contract_is_there(app: Flask, services: Services) -> None:
    known = addresses(app)
    for address in addresses_of_contract():
        if address in known or not address.startswith(OURS) or address in OF_OTHERS:
            continue
        assert callback_target(services.settings, address.replace("<>", "x")), address


@pytest.mark.parametrize("path", CALLBACKS)
def test_the_contract_has_the_callback_addresses(services: Services, path: str) -> None:
    assert callback_target(services.settings, path)
    assert path.replace("/x", "/<>") in addresses_of_contract()


def raised_words() -> set[str]:
    """Return the words of every error that the gateway itself answers with; a platform's own are told as they are."""
    return {
        word
        for module in modules("app")
        if not module.as_posix().startswith(OF_A_PLATFORM) and module.as_posix() not in MADE_UP_NAMES
        for word in _words(module)
    } | {word for word, _ in WORDS.values()}


def _words(module: Path) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        named = [each.value for each in node.keywords if each.arg == "code"]
        given = node.args[:1] if node.func.id in FIRST_ARGUMENT else named if node.func.id in BY_NAME else []
        yield from (
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        )


def words_of_contract() -> set[str]:
    return {word for row in rows(section(CONTRACT, "11. Error words")) for word in spans(row[1])}


def test_every_error_word_stands_in_the_contract() -> None:
    assert raised_words() - words_of_contract() == set()


def test_every_error_word_of_the_contract_is_in_the_code() -> None:
    text = "\n".join(
        (Path(__file__).parents[2] / module).read_text(encoding="utf-8") for module in modules("app")
    )
    assert {word for word in words_of_contract() if not re.search(rf'["\']{word}["\']', text)} == set()
