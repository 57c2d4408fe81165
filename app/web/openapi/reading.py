"""The OpenAPI document as the page shows it: heads, operations, and schemas as flat lists of members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

REF = "$ref"
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object: how deep it stands, what it may be, whether it must be there."""

    depth: int
    name: str
    kind: str
    words: tuple[str, ...]
    is_needed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One answer: its status and forms, its members, or the words of a refusal."""

    status: str
    forms: tuple[str, ...]
    members: tuple[Member, ...]
    words: tuple[str, ...]

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return self.status >= "400"


@dataclass(frozen=True, slots=True)
class ShownOperation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    sentence: str
    scope: str | None
    proofs: tuple[str, ...]
    parameters: tuple[Json, ...]
    body: tuple[Member, ...]
    answers: tuple[ShownAnswer, ...]


def heads_of(document: Json) -> list[tuple[str, list[ShownOperation]]]:
    """Return each head with its operations, in the order of the document."""
    found: dict[str, list[ShownOperation]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            shown = _operation(document, path, method, operation)
            found.setdefault(operation["tags"][0], []).append(shown)
    return sorted(found.items())


def _operation(document: Json, path: str, method: str, operation: Json) -> ShownOperation:
    bodies = [
        each["schema"]
        for each in operation.get("requestBody", {}).get("content", {}).values()
        if "schema" in each
    ]
    return ShownOperation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        sentence=operation["summary"],
        scope=operation.get("x-scope"),
        proofs=tuple(name for each in operation["security"] for name in each),
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        body=tuple(_members(document, bodies[0], 0)) if bodies else (),
        answers=tuple(_answer(document, *each) for each in operation["responses"].items()),
    )


def _parameter(given: Json) -> Json:
    schema = given["schema"]
    return {**given, "kind": _kind({}, schema), "words": tuple(schema.get("enum", ()))}


def _answer(document: Json, status: str, answer: Json) -> ShownAnswer:
    content = answer.get("content", {})
    schemas = [each["schema"] for each in content.values() if "schema" in each]
    words = tuple(word for schema in schemas for word in _words_of_refusal(schema))
    is_refusal = status >= "400"
    members = () if is_refusal or not schemas else tuple(_members(document, schemas[0], 0))
    return ShownAnswer(status, tuple(content), members, words)


def _words_of_refusal(schema: Json) -> Iterator[str]:
    for part in schema.get("allOf", ()):
        yield from part.get("properties", {}).get("error", {}).get("enum", ())


def _members(document: Json, schema: Json, depth: int) -> Iterator[Member]:
    """Yield the members of an object, of what a list holds, or of each kind that it may be; not too deep."""
    schema = _resolved(document, schema)
    for each in schema.get("anyOf", ()):
        yield from _members(document, each, depth)
    if "items" in schema:
        yield from _members(document, schema["items"], depth)
    for name, member in schema.get("properties", {}).items():
        inner = _resolved(document, member)
        yield Member(
            depth=depth,
            name=name,
            kind=_kind(document, member),
            words=tuple(inner.get("enum", ())),
            is_needed=name in schema.get("required", ()),
            sentence=member.get("description", ""),
        )
        if depth < DEEPEST:
            yield from _members(document, member, depth + 1)


def _kind(document: Json, schema: Json) -> str:
    """Return what something may be, in the words of JSON Schema."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(document, each) for each in schema["anyOf"]))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " | ".join(kind)
    if kind == "array":
        return f"[{_kind(document, schema['items'])}]"
    return str(schema.get("format", kind))


def _resolved(document: Json, schema: Json) -> Json:
    reference = schema.get(REF)
    if reference is None:
        return schema
    found: Json = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found
