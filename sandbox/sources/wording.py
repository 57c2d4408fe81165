"""What a described source signs: its template filled in for a request that is being written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.sources.draft import Draft

WORD = re.compile(r"\{([^{}]+)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")


class AbsentError(LookupError):
    """A word has no value."""


def signed_text(template: str, draft: Draft, secret: str, time: str, identifier: str = "") -> bytes:
    """Returns the exact bytes that are signed."""
    if template == "{body}":
        return draft.body

    def fill(text: str) -> bytes:
        pieces, at = [], 0
        for match in WORD.finditer(text):
            pieces += [text[at : match.start()].encode(), value_of(match[1], draft, secret, time, identifier)]
            at = match.end()
        return b"".join([*pieces, text[at:].encode()])

    parts, at = [], 0
    # Only a bracket that holds a word is an optional part; `json:[].sign` has brackets of another kind.
    for match in OPTIONAL.finditer(template):
        parts.append(fill(template[at : match.start()]))
        at = match.end()
        try:
            parts.append(fill(match[1]))
        except AbsentError:
            continue
    return b"".join([*parts, fill(template[at:])])


def value_of(word: str, draft: Draft, secret: str, time: str, identifier: str) -> bytes:
    """Returns what a word stands for; raises AbsentError."""
    word, _, modifier = word.partition("|")
    if modifier == "lower":
        return value_of(word, draft, secret, time, identifier).lower()
    plain = {
        "body": draft.body,
        "ts": time.encode(),
        "secret": secret.encode(),
        "id": identifier.encode(),
        "method": draft.method.encode(),
        "url": draft.url.encode(),
        "url_without_query": draft.url.partition("?")[0].encode(),
        "path": _path(draft).partition("?")[0].encode(),
        "path_qs": _path(draft).encode(),
    }
    if word in plain:
        return plain[word]
    if (digest := re.fullmatch(r"(\w+)\((body|url)\)", word)) is not None:
        return hashlib.new(digest[1], plain[digest[2]]).hexdigest().encode()
    source, _, name = word.partition(":")
    if source == "sorted":
        return _sorted(name, draft, lambda each: value_of(each, draft, secret, time, identifier))
    if source == "sorted_values":
        return b"".join(sorted(value_of(each, draft, secret, time, identifier) for each in name.split(",")))
    return _at(source, name, draft).encode()


def _path(draft: Draft) -> str:
    return "/" + draft.url.partition("://")[2].partition("/")[2]


def _at(source: str, name: str, draft: Draft) -> str:
    if name.startswith("<"):
        name = str(draft.settings.get(name[1:-1], ""))
    tables: dict[str, Any] = {
        "header": {key.lower(): value for key, value in draft.headers.items()},
        "query": draft.query,
        "setting": draft.settings,
        "item": draft.items,
    }
    if source == "header":
        name = name.lower()
    if source == "form":
        tables["form"] = draft.form()
    if source == "json":
        found: Any = draft.element if name.startswith("[].") else draft.tree()
        for step in name.removeprefix("[].").split("."):
            found = (
                found[int(step)]
                if isinstance(found, list)
                else found.get(step)
                if isinstance(found, dict)
                else None
            )
        if found is None:
            raise AbsentError(name)
        return str(found)
    value = tables[source].get(name)
    if not value:
        raise AbsentError(name)
    return str(value)


def _sorted(text: str, draft: Draft, word: Callable[[str], bytes]) -> bytes:
    source, *options = text.split(";")
    chosen = {key: value for key, _, value in (option.partition("=") for option in options)}
    if source == "params":
        source = "form" if draft.body else "query"
    fields = {"form": draft.form, "xml": draft.xml, "query": lambda: draft.query, "json": draft.tree}[
        source
    ]()
    for added in filter(None, chosen.get("plus", "").split(",")):
        fields = {**fields, added.partition("@")[0]: word(added.partition("@")[2]).decode()}
    dropped = chosen.get("drop", "").split(",")
    between = "" if chosen.get("pair") == "kv" else "="
    lines = [
        f"{name}{between}{value if not isinstance(value, dict | list) else json.dumps(value)}".encode()
        for name, value in sorted(fields.items(), key=lambda pair: pair[0].encode())
        if name not in dropped and not ("drop_empty" in chosen and value in ("", None))
    ]
    return chosen.get("join", "&").encode().join(lines)
