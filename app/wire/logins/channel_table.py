"""From the table of a channel to a compiled login: the provider's description, what the channel overrides, its typed keys.

A channel writes `preset = "<slug>"`, its keys, and where it must differ the description's own tables (`[channels.X.token]` …) or the
short names of an `oauth2` channel (`token_url` …). Everything is judged at start; a fault names its key and what is allowed there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from app.wire.logins.catalogue import LoginCatalogue
from app.wire.logins.engine import Engine
from app.wire.logins.faults import fault_at, fault_of, with_what_is_allowed
from app.wire.logins.login import Login
from app.wire.logins.settings import LoginSettings, settings_model, settings_of

SHORT_NAMES = {
    "authorize_url": ("authorize", "url"),
    "token_url": ("token", "url"),
    "userinfo_url": ("user", "url"),
    "revoke_url": ("revoke", "url"),
    "client_auth": ("token", "auth"),
}
"""Keys of an `oauth2` channel that are a description's as well."""

TABLES = (
    "authorize", "token", "refresh", "steps", "user", "email", "revoke", "validate", "id_token", "identity", "app_token", "client_secret_made",
    "code", "fails", "errors", "pkce", "scope_join", "hosts",
)  # fmt: skip
"""Parts of a description that a channel may write itself; `client_secret_made` is the table `client_secret`."""

MADE = "client_secret_made"


def read_channel(values: Mapping[str, Any], logins: LoginCatalogue) -> LoginSettings:
    """Return the typed keys of a channel, with its login; raises ValidationError that names every key at fault."""
    login = _chosen(values.get("preset"), logins)
    overrides = {name: value for name, value in values.items() if name in TABLES or name in SHORT_NAMES}
    login = with_overrides(login, overrides)
    keys = {name: value for name, value in values.items() if name not in overrides}
    keys["preset"] = login.slug
    model = settings_model(login)
    try:
        typed = model.model_validate(keys)
    except ValidationError as error:
        beside = (*settings_of(login), *TABLES, *SHORT_NAMES)
        raise with_what_is_allowed(error, model, beside) from None
    typed._login = login
    compiled(typed)
    return typed


def compiled(settings: LoginSettings) -> Engine:
    """Return the compiled login of a channel; raises ValidationError that names the key at fault."""
    try:
        return Engine(settings.login, settings)
    except ValueError as error:
        raise fault_of(error, "preset") from None


def with_overrides(login: Login, overrides: Mapping[str, Any]) -> Login:
    """Return a description with what a channel writes itself; tables are laid over each other. Raises ValidationError."""
    if not overrides:
        return login
    said = login.model_dump(by_alias=True, exclude_unset=True)
    for name, value in overrides.items():
        if name in SHORT_NAMES:
            table, key = SHORT_NAMES[name]
            said[table] = {**(said.get(table) or {}), key: value}
        else:
            own = "client_secret" if name == MADE else name
            said[own] = _laid_over(said.get(own), _pkce(value) if name == "pkce" else value)
    if login.hosts and "hosts" not in overrides:
        said["hosts"] = [*login.hosts, *_hosts_in(overrides)]
    try:
        return Login.model_validate(said)
    except ValidationError as error:
        raise with_what_is_allowed(error, Login) from None


def _chosen(name: object, logins: LoginCatalogue) -> Login:
    found = logins.find(name) if isinstance(name, str) else None
    if found is None:
        alike = logins.alike(str(name))
        meant = f"; do you mean {', '.join(alike)}?" if alike else ";"
        raise fault_at("preset", f"{name!r} is unknown{meant} `flask presets list` prints all {len(logins)}")
    return found


def _pkce(value: object) -> object:
    """Let the true and false of an `oauth2` channel stand for the words of a description."""
    return {True: "optional", False: "none"}[value] if isinstance(value, bool) else value


def _laid_over(below: Any, above: Any) -> Any:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{name: _laid_over(below.get(name), value) for name, value in above.items()}}


def _hosts_in(value: Any) -> Iterator[str]:
    """Yield the hosts of addresses that an operator wrote: those are meant."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        try:
            host = urlsplit(value).hostname
        except ValueError:
            return
        if host and "{" not in host:
            yield host
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _hosts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _hosts_in(each)
