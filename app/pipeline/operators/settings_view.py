"""The settings as they are in force in this process, with where each came from. Secrets are named by their last letters at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

from app.config.api_tokens import ApiToken
from app.config.setting_origins import DEFAULT
from app.config.settings import Settings
from app.pipeline.operators.channel_keys import end_of_secret
from app.pipeline.services import Services

CHOSEN_BY_PEOPLE = "_password"
"""People choose it: four letters of it would be too many."""

NEVER_SHOWN = frozenset({"otel_exporter_otlp_headers"})
"""Names and values in one text, and the values are tokens."""

ADDRESSES = ("_url", "_uri", "_urls", "_endpoint", "_origins")
"""How the names of settings end that are addresses."""

WITHOUT_HOST = ("sqlite", "memory")
"""What addresses begin with that lead to no host, so to no password either."""

SET = "set"


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting; `shown` is its value, of a secret as much as may be seen."""

    name: str
    shown: str
    is_secret: bool
    origin: str
    about: str

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.origin == DEFAULT

    def as_json(self) -> dict[str, Any]:
        """Return the setting as JSON shows it."""
        return {
            "name": self.name,
            "value": self.shown,
            "secret": self.is_secret,
            "default": self.is_default,
            "origin": self.origin,
            "about": self.about,
        }


def settings_in_force(services: Services) -> list[SettingView]:
    """Return every setting, in the order of `.env.example`."""
    return [_view(services, name, field) for name, field in Settings.model_fields.items()]


def _view(services: Services, name: str, field: FieldInfo) -> SettingView:
    return SettingView(
        name=name.upper(),
        shown=_shown(services.settings, name, is_secret=not field.repr),
        is_secret=not field.repr,
        origin=services.setting_origins.get(name.upper(), DEFAULT),
        about=field.description or "",
    )


def _shown(settings: Settings, name: str, *, is_secret: bool) -> str:
    value = _in_force(settings, name)
    if value in ("", (), None):
        return ""
    if name in NEVER_SHOWN or name.endswith(CHOSEN_BY_PEOPLE):
        return SET
    if isinstance(value, bool):
        return "1" if value else "0"
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(_one(name, each, is_secret=is_secret) for each in values)


def _in_force(settings: Settings, name: str) -> Any:
    """Return a value; of those whose default hangs on APP_ENV what it comes to."""
    decided: dict[str, Any] = {
        "force_https": settings.https_is_forced,
        "sandbox": settings.sandbox_is_on,
        "log_format": "json" if settings.logs_are_json else "console",
    }
    return decided[name] if name in decided else getattr(settings, name)


def _one(name: str, value: Any, *, is_secret: bool) -> str:
    if isinstance(value, ApiToken):
        end = end_of_secret(value.token) if value.token else SET
        return f"{value.name} ({' '.join(sorted(value.scopes))}) {end}"
    text = str(value)
    if "://" in text and name.endswith(ADDRESSES):
        return _without_credentials(text, is_secret=is_secret)
    return end_of_secret(text) if is_secret else text


def _without_credentials(address: str, *, is_secret: bool) -> str:
    """Return an address without user name, password and the values of its query; of one that cannot be taken apart nothing.

    User and password go to the last `@`: a password may hold a slash that nobody encoded.
    """
    scheme, _, rest = address.partition("://")
    before, at, after = rest.rpartition("@")
    if "?" in before or "#" in before:
        return SET
    try:
        parts = urlsplit(f"{scheme}://{after}")
        is_whole = parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        is_whole = False
    if is_secret and not is_whole and not scheme.startswith(WITHOUT_HOST):
        return SET
    place, question, query = after.partition("#")[0].partition("?")
    names = "&".join(f"{pair.partition('=')[0]}=…" for pair in query.split("&") if pair)
    return f"{scheme}://{'…@' if at else ''}{place}{question if names else ''}{names}"
