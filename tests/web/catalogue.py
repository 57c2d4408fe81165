"""The words of the pages: which are used, which are translated. `python -m tests.web.catalogue` brings both together.

New sentences are put into the .po file without a translation, unused ones are dropped, and the .mo file is compiled.
"""

from __future__ import annotations

import ast
import io
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from app import platforms

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "app" / "web"
CATALOGUE = PAGES / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
LOGIN_STORY = [
    *(
        f"app/pipeline/login/{name}.py"
        for name in ("finish", "start", "linking", "return_query", "profiles", "people")
    ),
    "app/pipeline/tokens/user_tokens.py",
    "app/pipeline/channels.py",
    "app/core/errors.py",
    "app/security/session_tokens.py",
    "app/web/people/login.py",
    "app/web/people/csrf.py",
    "app/platforms/wechat/login.py",
]
"""The modules whose errors people read on the page of a login that did not finish."""
ERRORS = ("LoginError", "RefusedError", "RequestError", "UpstreamError", "UpstreamUnavailable")
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


def used_messages() -> dict[str, set[str]]:
    """Return every sentence the pages show, with the files it is in; the titles of channels are among them."""
    found: dict[str, set[str]] = {}
    for name, _line, message, _comments, _context in extract_from_dir(str(PAGES), method_map=METHODS):
        assert isinstance(message, str), f"{name}: plural forms are not used here"
        found.setdefault(message, set()).add(f"app/web/{name}")
    for message, place in [*titles(), *login_errors()]:
        found.setdefault(message, set()).add(place)
    return found


def login_errors() -> Iterator[tuple[str, str]]:
    """Yield the sentences of errors that end a login, each with its module."""
    for place in LOGIN_STORY:
        for node in ast.walk(ast.parse((ROOT / place).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
                yield from ((text, place) for text in sentences(node.args))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message":
                yield from ((text, place) for text in sentences([node.value]))


def sentences(nodes: list[ast.expr]) -> Iterator[str]:
    """Yield the plain sentences among some expressions; error words and composed texts are none."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def titles() -> list[tuple[str, str]]:
    """Return the names of platforms and of the channels that come with the gateway."""
    channels = tomllib.loads((ROOT / "channels.example.toml").read_text(encoding="utf-8"))["channels"]
    named = [
        (str(table["title"]), "channels.example.toml") for table in channels.values() if "title" in table
    ]
    return named + [(spec.display_name, "app/platforms") for spec in platforms.discover().values()]


def read_written() -> Catalog:
    """Return the translations as people write them."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def read_compiled() -> Catalog:
    """Return the translations as the gateway reads them."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        return read_mo(file)


def compiled(written: Catalog) -> bytes:
    """Return what the compiled file should hold."""
    buffer = io.BytesIO()
    write_mo(buffer, written)
    return buffer.getvalue()


def update() -> list[str]:
    """Rewrite both files from what is used; return the sentences that still have no translation."""
    old = read_written() if CATALOGUE.exists() else Catalog(locale="zh_Hans_CN")
    new = Catalog(locale="zh_Hans_CN", project="Callgate", version="1", fuzzy=False, header_comment="#")
    new.last_translator, new.language_team, new.msgid_bugs_address = "Callgate", "zh_Hans_CN", ""
    new.creation_date, new.revision_date = old.creation_date, old.revision_date
    for message, places in sorted(used_messages().items()):
        known = old.get(message)
        text = known.string if known is not None else ""
        new.add(message, text, locations=[(place, 0) for place in sorted(places)], flags=())
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=110, include_lineno=False, omit_header=False)
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(read_written()))
    return [str(message.id) for message in new if message.id and not message.string]


if __name__ == "__main__":
    sys.stdout.writelines(f"no translation: {sentence}\n" for sentence in update())
