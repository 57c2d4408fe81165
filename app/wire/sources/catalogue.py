"""Descriptions in files: one TOML file per source, named like its slug; read when somebody asks for it.

The gateway's own files are in app/platforms/sources/, an operator's in `sources/` beside channels.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.config.channels import fault_sentences
from app.config.names import is_name
from app.core.errors import ConfigurationError
from app.wire.sources.description import Part, Signature, Text

MOST_BYTES = 100_000


class SampleRequest(Part):
    """A request as the source sends it, without its proof; `${id}`, `${now}` and `${now_ms}` are filled in."""

    method: Literal["GET", "POST", "PUT"] = Field("POST", description="Its method.")
    path: Text = Field("", description="What follows the channel in the address.")
    query: dict[str, Text] = Field(default_factory=dict, description="Parameters of the address.")
    headers: dict[str, Text] = Field(default_factory=dict, description="Headers.")
    body: str = Field("", max_length=20_000, description="The body.")
    settings: dict[str, str | list[str]] = Field(
        default_factory=dict, description="Made-up keys of a channel."
    )
    types: tuple[Text, ...] = Field(
        (), max_length=60, description="Documented types besides the sample's own; the simulator fires each."
    )
    types_from: Text = Field("", description="The page they were read from, and when.")


class Source(Part):
    """One file of the catalogue."""

    slug: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Its name; the file is called like it."
    )
    name: str = Field(min_length=1, max_length=80, description="Name in English.")
    name_zh: str = Field(
        min_length=1, max_length=80, description="Name in Chinese, or the one everybody uses."
    )
    region: Literal["cn", "global"] = Field("global", description="cn: a Chinese platform.")
    console: str = Field(
        "", max_length=300, description="The page where the address is entered; empty: not known."
    )
    facts: str = Field("", max_length=500, description="Where these facts come from.")
    read: str = Field("", max_length=10, description="When they were read, such as 2026-11-28.")
    confidence: Literal["source", "unconfirmed"] = Field(
        "unconfirmed", description="unconfirmed: rests on no source."
    )
    deadline_s: float | None = Field(None, gt=0, le=120, description="Seconds in which an answer must come.")
    retries: bool = Field(True, description="Whether a failed answer makes the sender try again.")
    note: str = Field("", max_length=1000, description="What an operator must know, in English.")
    note_zh: str = Field("", max_length=1000, description="The same in Chinese.")
    signature: Signature = Field(description="How a request is proven, and which event it is.")
    sample: SampleRequest = Field(description="One request.")

    @model_validator(mode="after")
    def _compiles(self) -> Source:
        check_description(self.signature)
        return self


class DescriptionFault(ValueError):
    """A key of a description that cannot be read; `key` is its name in [signature]."""

    def __init__(self, key: str, message: str):
        super().__init__(message)
        self.key = key


PLACES = ("signature_place", "timestamp", "expires_after", "id", "type", "occurred", "not_hex")
"""Keys that hold a place."""


def check_description(signature: Signature) -> None:
    """Compile a description with no keys, so that every place and template is looked at; raises ValueError."""
    from app.wire.sources.connector import open_source
    from app.wire.sources.places import compile_places
    from app.wire.sources.settings import settings_model
    from app.wire.sources.templates import compile_template

    for key in PLACES:
        _check_key(key, getattr(signature, key), compile_places)
    for key, values in (("checks", signature.checks), ("requires", signature.requires)):
        for place in values:
            _check_key(key, place, compile_places)
    _check_key("signed", signature.signed, lambda text: compile_template(text, lambda _: None))
    open_source(signature, settings_model(signature, "check")(), "https://gateway.example/webhooks/check")
    undeclared = (
        _settings_named(signature) - signature.all_settings.keys() - {"username", "password", "encrypt_key"}
    )
    if undeclared:
        raise ValueError(f"settings: {', '.join(sorted(undeclared))} is named and not declared in settings")


def _check_key(key: str, text: str, compiled: Callable[[str], object]) -> None:
    try:
        if text:
            compiled(text)
    except ValueError as error:
        raise DescriptionFault(key, str(error)) from None


def _settings_named(signature: Signature) -> set[str]:
    text = repr(signature.model_dump(exclude={"settings", "optional_settings"}))
    named = {piece.split("}")[0].split("|")[0] for piece in text.split("{setting:")[1:]}
    named |= {piece.split(">")[0] for piece in text.split(":<")[1:]}
    return named | set(signature.requires.values())


def read_source(text: str, *, file: str) -> Source:
    """Read the text of one file; raises ConfigurationError with every key at fault."""
    try:
        source = Source.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: {error}."]) from None
    except ValidationError as error:
        told = fault_sentences(with_what_is_allowed(error))
        raise ConfigurationError([f"{file}: {sentence}" for sentence in told]) from None
    if f"{source.slug}.toml" != Path(file).name:
        raise ConfigurationError(
            [f"{file}: slug is {source.slug}, so the file must be called {source.slug}.toml."]
        )
    return source


def with_what_is_allowed(error: ValidationError) -> ValidationError:
    """Return the same faults; one about a key that is not known says which are."""
    faults: list[InitErrorDetails] = []
    for fault in error.errors():
        kind, message, place = fault["type"], fault["msg"].removeprefix("Value error, "), fault["loc"]
        cause = fault.get("ctx", {}).get("error")
        if isinstance(cause, DescriptionFault):
            place = (*place, *(() if "signature" in place else ("signature",)), cause.key)
        elif kind == "extra_forbidden":
            message = _unknown_key([str(part) for part in place])
        elif kind == "missing":
            message = "is missing"
        told = PydanticCustomError("description", "{message}", {"message": message})
        faults.append(InitErrorDetails(type=told, loc=place, input=None))
    return ValidationError.from_exception_data("description", faults, hide_input=True)


def _unknown_key(path: list[str]) -> str:
    allowed = _allowed_beside(path)
    alike = get_close_matches(path[-1], allowed, n=1)
    guess = f" (do you mean {alike[0]}?)" if alike else ""
    return f"is not a known key{guess}; allowed there are {', '.join(allowed)}"


def _allowed_beside(path: list[str]) -> list[str]:
    model: Any = Source
    for name in path[:-1]:
        field = getattr(model, "model_fields", {}).get(name)
        if field is None:
            model = Signature if name == "signature" else model
            continue
        arguments = [field.annotation, *getattr(field.annotation, "__args__", ())]
        model = next((each for each in arguments if hasattr(each, "model_fields")), model)
    fields = getattr(model, "model_fields", {})
    return sorted(field.alias or name for name, field in fields.items())


class Catalogue(Mapping[str, Source]):
    """The sources of one folder by their slugs; each file is read once, when it is asked for."""

    def __init__(self, folder: Path | None):
        paths = sorted(folder.glob("*.toml")) if folder is not None else []
        self._files = {path.stem: path for path in paths}
        self._read: dict[str, Source] = {}

    def __getitem__(self, slug: str) -> Source:
        if slug not in self._read:
            self._read[slug] = _from_file(self._files[slug])
        return self._read[slug]

    def __contains__(self, slug: object) -> bool:
        return slug in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def faults(self) -> list[str]:
        """Read every file and return what is wrong with them."""
        found: list[str] = []
        for slug in self._files:
            try:
                self[slug]
            except ConfigurationError as error:
                found += error.faults
        return found


def _from_file(path: Path) -> Source:
    file = f"{path.parent.name}/{path.name}"
    if not is_name(path.stem) or "_" in path.stem:
        raise ConfigurationError([f"{file}: a slug may hold only a-z, 0-9 and -."])
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ConfigurationError([f"{file}: larger than {MOST_BYTES} bytes."])
        return read_source(raw.decode("utf-8-sig"), file=file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{file}: cannot be read ({error.__class__.__name__})."]) from None


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of a source's file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Callgate source"} | {
        name: value for name, value in Source.model_json_schema().items() if name != "title"
    }
