"""The keys of a channel as a set-up page shows them: there or missing, needed for what, from which variable.

Of a secret nothing is shown but that it is there and, where it is long, its last four letters: enough to compare it with
the platform's page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings, is_weak_secret
from app.config.samples import is_sample
from app.core.ports import PlatformSpec

SHOWN_OF_SECRETS = 4
SHORTEST_TO_SHOW = 12
"""Of a shorter secret four letters would give away too much."""

LONGEST_VALUE = 200
MOST_PROBES = 8
UNSEEN = SecretStr("x" * 43)
"""Stands for a key that is there when a model is asked which one it misses next."""

KeyState = Literal["present", "missing", "weak", "unset"]
"""`unset` is what nothing needs and nobody wrote."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key. `shown` is its value or, of a secret, its end; `needed_for` holds `everything`, `inbound`, `login`."""

    name: str
    state: KeyState
    is_secret: bool
    needed_for: tuple[str, ...]
    variables: tuple[str, ...]
    shown: str
    about: str

    def as_json(self) -> dict[str, Any]:
        """Return the key as JSON shows it."""
        return {
            "name": self.name,
            "state": self.state,
            "secret": self.is_secret,
            "needed_for": list(self.needed_for),
            "variables": list(self.variables),
            "shown": self.shown,
            "about": self.about,
        }


def channel_keys(config: ChannelConfig, spec: PlatformSpec | None) -> list[KeyView]:
    """Return the keys that matter: those that are written, the secrets, and what a capability needs."""
    model = _model_of(config, spec)
    if model is None:
        return [_view(config, name, None, {}) for name in config.options if name != "allow_unsigned"]
    needs = _needs(model)
    console = {
        name for entry in (spec.console.entries if spec and spec.console else ()) for name in entry.keys
    }
    return [
        _view(config, name, field, needs)
        for name, field in model.model_fields.items()
        if name in config.options or name in needs or name in console or _is_secret(field)
    ]


def inbound_keys(config: ChannelConfig, spec: PlatformSpec | None) -> list[str]:
    """Name the keys that prove callbacks, for the sentences of cures."""
    return [key.name for key in channel_keys(config, spec) if "inbound" in key.needed_for]


def may_offer(spec: PlatformSpec | None, question: str) -> bool:
    """Say whether a platform may take callbacks (`missing_signature_secret`) or log in (`missing_login_secret`), by its keys alone."""
    settings: Any = None if spec is None else spec.settings
    if not isinstance(settings, type):
        return True
    return getattr(settings, question, None) is not getattr(PlatformSettings, question)


def _model_of(config: ChannelConfig, spec: PlatformSpec | None) -> type[BaseModel] | None:
    """Return the model of a channel's keys; one that hangs on what is written (a preset) is asked for with that."""
    if spec is None:
        return None
    settings: Any = spec.settings
    if isinstance(settings, type):
        return settings
    try:
        return type(settings.model_validate(dict(config.options)))
    except ValidationError:
        return None


def _view(
    config: ChannelConfig, name: str, field: FieldInfo | None, needs: Mapping[str, tuple[str, ...]]
) -> KeyView:
    value = config.options.get(name)
    is_secret = field is None or _is_secret(field) or not field.repr
    return KeyView(
        name=name,
        state=_state(name, config, field, is_secret=is_secret, is_needed=name in needs),
        is_secret=is_secret,
        needed_for=needs.get(name, ()),
        variables=config.variables.get(name, ()),
        shown=_shown(value, is_secret=is_secret),
        about="" if field is None else field.description or "",
    )


def _state(
    name: str, config: ChannelConfig, field: FieldInfo | None, *, is_secret: bool, is_needed: bool
) -> KeyState:
    texts = _texts(config.options.get(name))
    if not texts:
        return "missing" if is_needed or name in config.options else "unset"
    is_judged = is_secret and field is not None
    return (
        "weak" if is_judged and any(is_weak_secret(each) or is_sample(each) for each in texts) else "present"
    )


def _shown(value: object, *, is_secret: bool) -> str:
    texts = _texts(value)
    if isinstance(value, Mapping) or not texts:
        return ""
    if is_secret:
        return ", ".join(end_of_secret(text) for text in texts)
    return ", ".join(texts)[:LONGEST_VALUE]


def end_of_secret(text: str) -> str:
    """Return the only letters of a secret that anybody is shown; of a short one none."""
    return f"…{text[-SHOWN_OF_SECRETS:]}" if len(text) >= SHORTEST_TO_SHOW else "…"


def _texts(value: object) -> list[str]:
    """Return what is written as texts; empty ones do not count."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [] if value is None or value == "" else [str(value)]


def _is_secret(field: FieldInfo) -> bool:
    return _holds_secret(field.annotation)


def _holds_secret(annotation: Any) -> bool:
    if annotation is SecretStr:
        return True
    is_compound = get_origin(annotation) in (tuple, list, Union, UnionType) or isinstance(
        get_origin(annotation), type
    )
    return is_compound and any(_holds_secret(each) for each in get_args(annotation))


@lru_cache(maxsize=256)
def _needs(model: type[BaseModel]) -> Mapping[str, tuple[str, ...]]:
    """Return what each key is needed for, as the model itself says when it is asked with one key more each time."""
    found: dict[str, list[str]] = {
        name: ["everything"] for name, field in model.model_fields.items() if field.is_required()
    }
    if issubclass(model, PlatformSettings):
        for name in _asked_for(model, "missing_signature_secret"):
            found.setdefault(name, []).append("inbound")
        for name in _asked_for(model, "missing_login_secret"):
            found.setdefault(name, []).append("login")
    return {name: tuple(needs) for name, needs in found.items()}


def _asked_for(model: type[PlatformSettings], question: str) -> Iterable[str]:
    values: dict[str, Any] = {}
    for _ in range(MOST_PROBES):
        missing = _next_missing(model, question, values)
        if missing is None or missing in values or missing not in model.model_fields:
            break
        values[missing] = _filled(model.model_fields[missing])
    return list(values)


def _next_missing(model: type[PlatformSettings], question: str, values: Mapping[str, Any]) -> str | None:
    try:
        missing: str | None = getattr(model.model_construct(**values), question)()
    except Exception:  # noqa: BLE001 - a model that needs more than its keys says less
        return None
    return missing


def _filled(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple):
        return (UNSEEN,) if _is_secret(field) else ("x",)
    if isinstance(default, Mapping):
        return {"x": "x"}
    return UNSEEN if _is_secret(field) else "x"
