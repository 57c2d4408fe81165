"""The types of events a described source can send: the sample's own, and the other documented ones, put where the type stands."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs

from sandbox.sources.draft import Draft

UNNAMED = "sample"
"""What a sample is ordered by whose source gives no type; it also stands for the sample of every other source."""

FIXED = {"id": "evt-1", "now": "1795824000", "now_ms": "1795824000000"}


def types_of(source: dict[str, Any]) -> list[str]:
    """Returns the types that can be fired, the sample's own first."""
    return list(dict.fromkeys([own_type(source), *source["sample"].get("types", [])]))


def own_type(source: dict[str, Any]) -> str:
    """Returns the type of the sample as it stands in the file."""
    draft = Draft(source["sample"], source["sample"].get("settings", {}), FIXED, "")
    for parts in _alternatives(source["signature"].get("type", "")):
        values = [_read(draft, place) for place in parts]
        if values and all(values):
            return ".".join(values)
    return UNNAMED


def put_type(source: dict[str, Any], draft: Draft, event_type: str) -> None:
    """Makes the draft an event of another documented type; raises ValueError where the source has no place for it."""
    if event_type == UNNAMED or event_type == own_type(source):
        return
    for parts in _alternatives(source["signature"].get("type", "")):
        if any(place.partition(":")[0] not in WRITERS for place in parts):
            continue
        texts = event_type.split(".", len(parts) - 1)
        if len(texts) == len(parts):
            for place, text in zip(parts, texts, strict=True):
                WRITERS[place.partition(":")[0]](draft, place, text)
            return
    raise ValueError(f"{source['slug']} has no place for the type {event_type!r}")


def _alternatives(text: str) -> list[list[str]]:
    source, found = "", []
    for alternative in text.split("|") if text else ():
        parts = []
        for part in alternative.split(" + "):
            name, colon, _ = part.strip().partition(":")
            if not colon and name in ("path", "slash_path", "method"):
                parts.append(f"{name}:")
                continue
            source = name if colon else source
            parts.append(part.strip() if colon else f"{source}:{part.strip()}")
        found.append(parts)
    return found


def _read(draft: Draft, place: str) -> str:
    source, _, name = place.partition(":")
    fixed = {"const": name, "path": draft.rest, "slash_path": f"/{draft.rest}"}
    if source in fixed:
        return fixed[source]
    if source == "first_key":
        return next((key for key in draft.tree() if key not in name.split(",")), "")
    if source == "header":
        return next((value for key, value in draft.headers.items() if key.lower() == name.lower()), "")
    if source == "claim":
        return _text(draft.claims_of_body().get(name))
    if source == "json":
        return _text(_walk(_first_element(draft, name), _steps(name)))
    if source == "xml":
        return draft.xml().get(name) or _inside(draft, name)
    field, embedded, path = name.partition("(json)")
    pairs = draft.form() if source == "form" or (source == "params" and draft.body) else draft.query
    value = pairs.get(field, "")
    return _text(_walk(json.loads(value), path.removeprefix(".").split("."))) if embedded and value else value


def _inside(draft: Draft, name: str) -> str:
    """Reads an element of XML that lies in a form, as Base64."""
    fields = parse_qs(draft.body.decode())
    for values in fields.values():
        try:
            found = re.search(rf"<{name}>([^<]*)</{name}>", base64.b64decode(values[0]).decode())
        except ValueError:
            continue
        if found:
            return found[1]
    return ""


def _first_element(draft: Draft, name: str) -> Any:
    """Returns what a path begins at: the first event where it goes through a list of them."""
    if "[]" not in name and not name.startswith("["):
        return draft.tree()
    first = draft.body.splitlines()[0] if draft.body[:1] == b"{" and b"\n{" in draft.body else draft.body
    tree = json.loads(_unwrapped(first))
    for step in name.partition("[]")[0].split("."):
        tree = tree.get(step) if step and isinstance(tree, dict) else tree
    return tree[0] if isinstance(tree, list) else tree


def _unwrapped(body: bytes) -> bytes:
    """Returns the JSON of a body that is a form with JSON in its only field."""
    if body[:1] in (b"{", b"["):
        return body
    return next(iter(parse_qs(body.decode()).values()))[0].encode()


def _steps(name: str) -> list[str]:
    rest = name.partition("[]")[2] if "[]" in name else name
    return [step for step in rest.strip(".").split(".") if step]


def _walk(value: Any, steps: list[str]) -> Any:
    for step in steps:
        plain, embedded, _ = step.partition("(json)")
        if isinstance(value, list):
            value = value[int(plain)] if plain.isdecimal() and int(plain) < len(value) else None
        else:
            value = value.get(plain) if isinstance(value, dict) else None
        if embedded and isinstance(value, str):
            value = json.loads(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else ""


def _put_json(draft: Draft, place: str, text: str) -> None:
    """Writes a type into the body, into every event where it is a list; a number stays a number."""
    name = place.partition(":")[2]
    tree = draft.tree()
    found = tree
    for step in name.partition("[]")[0].split(".") if "[]" in name else ():
        found = found[step] if step else found
    for element in found if isinstance(found, list) else [found]:
        at = element
        *before, last = _steps(name)
        for step in before:
            at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
        at[last] = int(text) if isinstance(at.get(last), int) and text.isdecimal() else text
    draft.body = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


def _put_header(draft: Draft, place: str, text: str) -> None:
    name = place.partition(":")[2]
    for known in [key for key in draft.headers if key.lower() == name.lower()]:
        del draft.headers[known]
    draft.headers[name] = text


def _put_plainly(draft: Draft, place: str, text: str) -> None:
    draft.add(place, text)


def _put_form(draft: Draft, place: str, text: str) -> None:
    """Writes a type into a field, or into the JSON that a field holds."""
    field, embedded, path = place.partition(":")[2].partition("(json)")
    if not embedded:
        draft.add(place, text)
        return
    tree = json.loads(draft.form()[field])
    *before, last = path.removeprefix(".").split(".")
    at = _walk(tree, before)
    at[last] = text
    draft.add(f"form:{field}", json.dumps(tree, ensure_ascii=False))


WRITERS = {
    "json": _put_json,
    "header": _put_header,
    "query": _put_plainly,
    "form": _put_form,
    "params": _put_plainly,
    "xml": _put_plainly,
    "claim": _put_plainly,
}
"""How a type is written at each kind of place; elsewhere there is only the sample's own."""
