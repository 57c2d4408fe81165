"""Words for the schemas of requests and answers (JSON Schema 2020-12, as OpenAPI 3.1 takes it). Pure.

A schema with a name is written once in the document, and referred to by it everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

NAMED = "title"
TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANY: Schema = {}
OBJECT: Schema = {"type": "object"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
ADDRESS: Schema = {"type": "string", "format": "uri"}


def text(*, most: int, least: int = 0, pattern: str | None = None) -> Schema:
    """Return the schema of a text of so many characters."""
    schema: Schema = {"type": "string", "maxLength": most}
    if least:
        schema["minLength"] = least
    return schema if pattern is None else schema | {"pattern": pattern}


def whole(*, least: int, most: int) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def maybe(schema: Schema) -> Schema:
    """Return the schema of something that may be null."""
    if isinstance(schema.get("type"), str) and NAMED not in schema and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema, *, most: int | None = None) -> Schema:
    """Return the schema of a list."""
    listed: Schema = {"type": "array", "items": schema}
    return listed if most is None else listed | {"maxItems": most}


def either(*schemas: Schema) -> Schema:
    """Return the schema of what is one of these."""
    return {"anyOf": list(schemas)}


def one_of(words: Iterable[str]) -> Schema:
    """Return the schema of one of these words."""
    return {"type": "string", "enum": [str(word) for word in words]}


def table(schema: Schema) -> Schema:
    """Return the schema of an object whose members have names of their own and all the same schema."""
    return {"type": "object", "additionalProperties": schema}


def thing(name: str, /, optional: Iterable[str] = (), **members: Schema) -> Schema:
    """Return the schema of an object with exactly these members; those of `optional` may be left out."""
    left_out = set(optional)
    return {
        NAMED: name,
        "type": "object",
        "properties": members,
        "required": [each for each in members if each not in left_out],
        "additionalProperties": False,
    }


def extended(name: str, base: Schema, /, optional: Iterable[str] = (), **members: Schema) -> Schema:
    """Return the schema of an object with the members of another one and more."""
    grown = thing(name, optional, **(base["properties"] | members))
    left_out = set(base["properties"]) - set(base["required"]) - set(members)
    return grown | {"required": [each for each in grown["required"] if each not in left_out]}


def body(name: str, /, needed: Iterable[str] = (), **members: Schema) -> Schema:
    """Return the schema of a request's object: only `needed` members must be there."""
    return thing(name, set(members) - set(needed), **members)


def page_of(name: str, item: Schema, /, **more: Schema) -> Schema:
    """Return the schema of one page of a list."""
    return thing(name, items=many(item), next_cursor=maybe(TEXT), **more)


def list_of(name: str, item: Schema, /, **more: Schema) -> Schema:
    """Return the schema of a list that is always whole."""
    return thing(name, items=many(item), **more)


def said(sentence: str, schema: Schema) -> Schema:
    """Return a schema with a sentence about it, which the page of the API shows in the reader's language."""
    return schema | {"description": sentence}


def sentences_of(schema: Mapping[str, Any]) -> Iterable[str]:
    """Yield every sentence in a schema."""
    for key, value in schema.items():
        if key == "description" and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from sentences_of(value)
        elif isinstance(value, list):
            yield from (each for item in value if isinstance(item, Mapping) for each in sentences_of(item))
