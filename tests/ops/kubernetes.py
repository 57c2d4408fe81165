"""Reads the manifests of ops/kubernetes, and says what in them Kubernetes' own types don't know."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import yaml

from tests.architecture.source import ROOT

FOLDER = ROOT / "ops" / "kubernetes"
GROUPS = {
    "v1": "core_v1",
    "apps/v1": "apps_v1",
    "networking.k8s.io/v1": "networking_v1",
    "policy/v1": "policy_v1",
}


@cache
def manifests() -> list[dict[str, Any]]:
    """Return every object of every file, but for kustomize's own."""
    files = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
    return [each for path in files for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def of_kind(kind: str) -> list[dict[str, Any]]:
    """Return the objects of one kind."""
    return [each for each in manifests() if each["kind"] == kind]


def slips(manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with an object: fields that don't exist, are missing, or hold something else."""
    kind = getattr(_models(GROUPS[manifest["apiVersion"]]), manifest["kind"])
    return list(_slips(manifest, kind, manifest["kind"]))


def _models(name: str) -> types.ModuleType:
    """Load one file of the models. They are bare dataclasses; their client, which they would take three names from, is not needed."""
    if "lightkube.core.schema" not in sys.modules:
        schema: Any = types.ModuleType("lightkube.core.schema")
        schema.dataclass, schema.field, schema.DictMixin = dataclasses.dataclass, dataclasses.field, object
        sys.modules |= {"lightkube.core": types.ModuleType("lightkube.core"), "lightkube.core.schema": schema}
    return import_module(f"lightkube.models.{name}")


def _slips(value: Any, kind: Any, place: str) -> Iterator[str]:
    options = typing.get_args(kind) if typing.get_origin(kind) is typing.Union else (kind,)
    if value is None or all(each in (int, str, type(None)) for each in options):
        if type(value) not in options:
            yield f"{place}: {value!r} is no {kind}"
        return
    (kind,) = (each for each in options if each is not type(None))
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for number, each in enumerate(value):
            yield from _slips(each, typing.get_args(kind)[0], f"{place}[{number}]")
    elif dataclasses.is_dataclass(kind):
        yield from _slips_of_object(value, kind, place)
    elif not isinstance(value, typing.get_origin(kind) or kind):
        yield f"{place}: {value!r} is no {kind}"


def _slips_of_object(value: Any, kind: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no {kind.__name__}"
        return
    hints = typing.get_type_hints(kind)
    fields = {each.metadata.get("json", each.name): each for each in dataclasses.fields(kind)}
    yield from (f"{place}.{name}: there is no such field" for name in value.keys() - fields.keys())
    for name, each in fields.items():
        has_default = (
            each.default is not dataclasses.MISSING or each.default_factory is not dataclasses.MISSING
        )
        if name in value:
            yield from _slips(value[name], hints[each.name], f"{place}.{name}")
        elif not has_default:
            yield f"{place}.{name} is missing"
