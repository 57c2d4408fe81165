"""What the settings of every platform have in common; each platform module derives its own model from this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from app.config.samples import is_sample
from app.config.setting_kinds import http_address


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _filled(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    return tuple(secret for secret in secrets if secret.get_secret_value())


MIN_CHANNEL_SECRET = 8
PLACEHOLDER_STARTS = ("change", "your", "placeholder", "sandbox", "example", "xxx", "<")

Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_as_list), AfterValidator(_filled)]
"""One secret or a list of them: all are accepted, the first one signs. Empty ones do not count."""


def _filled_texts(value: object) -> object:
    values = [value] if isinstance(value, str) else value
    return [each for each in values if each != ""] if isinstance(values, list | tuple) else values


Texts = Annotated[tuple[str, ...], BeforeValidator(_filled_texts)]
"""One text or a list of them; empty ones do not count."""


def filled_table(value: Any) -> Any:
    """Return a table without its empty entries; anything else as it is, for pydantic to refuse."""
    return {name: text for name, text in value.items() if text != ""} if isinstance(value, Mapping) else value


FilledTexts = Annotated[Mapping[str, str], BeforeValidator(filled_table)]
"""Texts by name; empty ones do not count."""

BaseAddress = Annotated[str, AfterValidator(http_address)]

OptionalAddress = Annotated[str, AfterValidator(lambda value: http_address(value) if value else "")]
"""An address, or empty where the platform's own stands in the code."""


def renamed(values: Any, other_names: Mapping[str, str]) -> Any:
    """Return a channel's keys under our names, where its operator wrote the platform's own; a key under both is left as a fault."""
    if not isinstance(values, Mapping):
        return values
    return {
        other_names[name] if name in other_names and other_names[name] not in values else name: value
        for name, value in values.items()
    }


def _holds_secrets(annotation: object) -> bool:
    return annotation is SecretStr or SecretStr in get_args(annotation)


class PlatformSettings(BaseModel):
    """The keys of one channel table that belong to its platform; unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    allow_unsigned: bool = Field(
        False, description="true accepts callbacks although no signature secret is set."
    )

    def missing_signature_secret(self) -> str | None:
        """Name the key without which no callback can be proven, None when there is proof; without it none is taken."""
        return None

    def missing_login_secret(self) -> str | None:
        """Name the key without which nobody is logged in and nothing is sent, None when it is there."""
        return None

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that belong to one capability: without them the others go on. Every secret is one."""
        return frozenset(name for name, field in cls.model_fields.items() if _holds_secrets(field.annotation))


def configured_secrets(settings: BaseModel) -> frozenset[str]:
    """Return the text of every secret in a platform's settings, so that it can be masked where people look."""
    names = type(settings).model_fields
    return frozenset(text for name in names for text in _secret_texts(getattr(settings, name)) if text)


def weak_secret_keys(settings: BaseModel) -> list[str]:
    """Name the keys with a secret that is a placeholder or too short; samples have a sentence of their own."""
    return [
        name
        for name in type(settings).model_fields
        if any(
            text and is_weak_secret(text) and not is_sample(text)
            for text in _secret_texts(getattr(settings, name))
        )
    ]


def _secret_texts(value: object) -> list[str]:
    """Return the text of every secret in a setting: one, a list of them, or a table of them by name."""
    if isinstance(value, SecretStr):
        return [plain_text(value)]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return [text for item in items for text in _secret_texts(item)]


def is_weak_secret(secret: str) -> bool:
    """Say whether a channel's secret is a placeholder or too short to be one; platforms choose most of them, so by its start."""
    return len(secret) < MIN_CHANNEL_SECRET or secret.lower().startswith(PLACEHOLDER_STARTS)


def plain(secrets: tuple[SecretStr, ...]) -> tuple[bytes, ...]:
    """Return the secrets as bytes, in their order."""
    return tuple(secret.get_secret_value().encode() for secret in secrets)


def plain_text(secret: SecretStr) -> str:
    """Return one secret as text."""
    return secret.get_secret_value()
