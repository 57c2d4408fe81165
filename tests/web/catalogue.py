"""The words of the pages: which are used, which are translated. `python -m tests.web.catalogue` brings both together.

The pages and the login's story have one catalogue; a platform that is a folder keeps that of its names and of the
errors of its login beside them. New sentences are put into the .po file without a translation, unused ones are
dropped, and the .mo file is compiled.
"""

from __future__ import annotations

import ast
import io
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from app import platforms
from app.factory import create_app
from app.storage.database.db import Database
from app.web.openapi.document import openapi_document
from tests.builders import make_services

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "app" / "web"
PLATFORMS = ROOT / "app" / "platforms"
WRITTEN = Path("translations") / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
LOGIN_STORY = [
    *(
        f"app/pipeline/login/{name}.py"
        for name in ("finish", "start", "linking", "return_query", "profiles", "people", "repeats")
    ),
    "app/pipeline/tokens/user_tokens.py",
    "app/wire/oidc.py",
    "app/wire/logins/connector.py",
    *(f"app/wire/logins/{name}.py" for name in ("id_tokens", "judging", "tokens", "signing")),
    "app/wire/oauth2.py",
    "app/wire/wechat_family/sns_login.py",
    "app/pipeline/channels.py",
    "app/core/errors.py",
    "app/security/session_tokens.py",
    "app/web/people/login.py",
    "app/web/people/visits.py",
    "app/web/people/csrf.py",
]
"""The modules whose errors people read on the page of a login that did not finish."""
DOCTOR = ROOT / "app" / "pipeline" / "operators" / "doctor"
"""What its findings say, which the console shows in the reader's language."""
FINDINGS = ("Finding", "_Words")
ERRORS = ("LoginError", "RefusedError", "RequestError", "UpstreamError", "UpstreamUnavailable", "bad_token")
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


@dataclass(frozen=True)
class WordList:
    """The catalogue of the pages, or of one platform's folder, with the sentences that belong into it."""

    folder: Path
    used: dict[str, set[str]]
    """Each sentence with the files it is in."""

    given: Mapping[str, str] = field(default_factory=dict)
    """Translations that the data of a platform brings along."""

    @property
    def file(self) -> Path:
        """Where people write the translations."""
        return self.folder / WRITTEN

    def read_written(self) -> Catalog:
        """Return the translations as people write them."""
        with self.file.open("rb") as file:
            return read_po(file, locale="zh_Hans_CN")

    def read_compiled(self) -> Catalog:
        """Return the translations as the gateway reads them."""
        with self.file.with_suffix(".mo").open("rb") as file:
            return read_mo(file)

    def update(self) -> list[str]:
        """Rewrite both files from what is used; return the sentences that still have no translation."""
        old = self.read_written() if self.file.exists() else Catalog(locale="zh_Hans_CN")
        new = Catalog(locale="zh_Hans_CN", project="Callgate", version="1", fuzzy=False, header_comment="#")
        new.last_translator, new.language_team, new.msgid_bugs_address = "Callgate", "zh_Hans_CN", ""
        new.creation_date, new.revision_date = old.creation_date, old.revision_date
        for message, places in sorted(self.used.items()):
            known = old.get(message)
            text = self.given.get(message) or (known.string if known is not None else "")
            new.add(message, text, locations=[(place, 0) for place in sorted(places)], flags=())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("wb") as file:
            write_po(file, new, width=110, include_lineno=False, omit_header=False)
        self.file.with_suffix(".mo").write_bytes(compiled(self.read_written()))
        return [str(message.id) for message in new if message.id and not message.string]


def word_lists() -> list[WordList]:
    """Return the catalogue of the pages and those of the platforms that are folders."""
    named = {slug: PLATFORMS / slug.replace("-", "_") for slug in platforms.discover()}
    own = {slug: folder for slug, folder in named.items() if folder.is_dir()}
    with_pages = [*used_on_pages(), *login_errors(LOGIN_STORY), *described_views(), *findings()]
    with_pages += [each for slug in named if slug not in own for each in names(slug)]
    return [WordList(PAGES, gathered(with_pages))] + [
        WordList(
            folder,
            gathered([*names(slug), *described_names(folder), *login_errors(login_modules(folder))]),
            dict(described(folder)),
        )
        for slug, folder in own.items()
    ]


def gathered(messages: list[tuple[str, str]]) -> dict[str, set[str]]:
    """Put sentences together with all their places."""
    found: dict[str, set[str]] = {}
    for message, place in messages:
        found.setdefault(message, set()).add(place)
    return found


def used_on_pages() -> Iterator[tuple[str, str]]:
    """Yield every sentence the pages show, with its file."""
    for name, _line, message, _comments, _context in extract_from_dir(str(PAGES), method_map=METHODS):
        assert isinstance(message, str), f"{name}: plural forms are not used here"
        yield message, f"app/web/{name}"


def described_views() -> Iterator[tuple[str, str]]:
    """Yield the sentences that the page of the API shows: heads, what each view does, what parameters and members mean."""
    with_app = create_app(services=make_services(Database("sqlite:///never-opened.db")))
    for name in sentences_of_api(openapi_document(with_app, "http://gateway.example")):
        yield name, "app/web/openapi"


def sentences_of_api(value: object) -> Iterator[str]:
    """Yield every sentence of an OpenAPI document that the page shows."""
    if isinstance(value, dict):
        shown = [value.get(key) for key in ("summary", "description")] + list(value.get("tags") or ())
        yield from (
            each for each in shown if isinstance(each, str) and not each.startswith(("Refused", "Done"))
        )
        for key, each in value.items():
            if key not in ("info", "securitySchemes", "example") and key != "tags":
                yield from sentences_of_api(each)
    elif isinstance(value, list):
        for each in value:
            yield from sentences_of_api(each)


def login_modules(folder: Path) -> list[str]:
    """Return the modules of a platform whose errors people read, where it has some."""
    return [str(module.relative_to(ROOT)) for module in sorted(folder.glob("*login.py"))]


def login_errors(modules: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the sentences of errors that end a login, each with its module."""
    for place in modules:
        for node in ast.walk(ast.parse((ROOT / place).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
                yield from ((text, place) for text in sentences(node.args))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message":
                yield from ((text, place) for text in sentences([node.value]))


def findings() -> Iterator[tuple[str, str]]:
    """Yield what the doctor's findings say and what their cures are, with the file."""
    for file in sorted(DOCTOR.glob("*.py")):
        place = str(file.relative_to(ROOT))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in FINDINGS:
                yield from ((text, place) for text in sentences(node.args))
            elif isinstance(node, ast.Assign):
                yield from ((text, place) for text in sentences([node.value]) if text.endswith("."))


def sentences(nodes: list[ast.expr]) -> Iterator[str]:
    """Yield the plain sentences among some expressions; error words and composed texts are none."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def described(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the names of the logins that a folder describes by data, with their Chinese."""
    for file in sorted(folder.glob("presets/*.toml")):
        login = tomllib.loads(file.read_text(encoding="utf-8"))
        yield login["name"], login["name_zh"]


def described_names(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield those names with their place."""
    for name, _chinese in described(folder):
        yield name, str((folder / "presets").relative_to(ROOT))


def names(slug: str) -> Iterator[tuple[str, str]]:
    """Yield the name of a platform, and the titles of its channels that come with the gateway."""
    yield platforms.discover()[slug].display_name, "app/platforms"
    channels = tomllib.loads((ROOT / "channels.example.toml").read_text(encoding="utf-8"))["channels"]
    for table in channels.values():
        if table["platform"] == slug and "title" in table:
            yield str(table["title"]), "channels.example.toml"


def compiled(written: Catalog) -> bytes:
    """Return what the compiled file should hold."""
    buffer = io.BytesIO()
    write_mo(buffer, written)
    return buffer.getvalue()


if __name__ == "__main__":
    for words in word_lists():
        sys.stdout.writelines(
            f"no translation: {words.folder.name}: {sentence}\n" for sentence in words.update()
        )
