"""The descriptions of logins as the simulator reads them: plain tables, and which call of one a request is.

The TOML files lie in the gateway; nothing else is shared with it. What is answered is in `described_answers`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FOLDER = Path(__file__).parents[3] / "app" / "platforms" / "oauth2" / "presets"
WELL_KNOWN = "/.well-known/openid-configuration"
OWN_PATHS = {"authorize": "/authorize", "token": "/token", "user": "/userinfo", "keys": "/keys"}
"""Where a server that is found by discovery has its endpoints here."""

USUAL_PAGE = {
    "response_type": "code",
    "client_id": "{client_id}",
    "redirect_uri": "{redirect_uri}",
    "state": "{state}",
    "scope": "{scope}",
    "nonce": "{nonce}",
    "code_challenge": "{code_challenge}",
    "code_challenge_method": "S256",
}
USUAL_TOKEN = {
    "grant_type": "authorization_code",
    "code": "{code}",
    "redirect_uri": "{redirect_uri}",
    "client_id": "{client_id}",
    "client_secret": "{client_secret}",
    "code_verifier": "{code_verifier}",
}
USUAL_REFRESH = {
    "grant_type": "refresh_token",
    "refresh_token": "{refresh_token}",
    "client_id": "{client_id}",
    "client_secret": "{client_secret}",
}


@cache
def slugs() -> tuple[str, ...]:
    """Returns the slug of every described login."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def described(slug: str) -> dict[str, Any]:
    """Returns one description; raises KeyError when there is none."""
    if slug not in slugs():
        raise KeyError(slug)
    return tomllib.loads((FOLDER / f"{slug}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Wanted:
    """One call of a description: its name, and its parameters by what they carry."""

    name: str
    params: Mapping[str, str]
    """Names of parameters with the template that stands for each."""

    def name_of(self, carried: str) -> str | None:
        """Returns the name of the parameter that carries such a value, `code` for example."""
        return next((name for name, text in self.params.items() if text == f"{{{carried}}}"), None)

    def fits(self, given: Mapping[str, str]) -> bool:
        """Tells whether every parameter that always has the same value has it here."""
        fixed = {name: text for name, text in self.params.items() if "{" not in text and text}
        return all(given.get(name, text) == text for name, text in fixed.items())


def call_of(login: Mapping[str, Any], path: str, given: Mapping[str, str]) -> Wanted | None:
    """Returns which call a request is, by its path below the description's address and its parameters."""
    for wanted, address in _calls(login):
        if _fits(address, path) and wanted.fits(given):
            return wanted
    return None


def _calls(login: Mapping[str, Any]) -> Iterator[tuple[Wanted, str]]:
    """Yields every call with its address, the ones that share an address told apart by their parameters."""
    page = login.get("authorize", {})
    for part in (page, page.get("in_app")):
        if part is not None:
            yield Wanted("authorize", _params(part, USUAL_PAGE)), part.get("url", OWN_PATHS["authorize"])
    token = login.get("token", {})
    address = token.get("url", OWN_PATHS["token"])
    yield Wanted("token", _params(token, USUAL_TOKEN)), address
    if "refresh" in login:
        own = login["refresh"]
        said = {"rename": token.get("rename", {}), **own}
        yield Wanted("refresh", _params(said, USUAL_REFRESH)), own.get("url", address)
    for name in ("app_token", "revoke", "validate", "email"):
        if name in login:
            yield Wanted(name, login[name].get("params", {})), login[name]["url"]
    for step in login.get("steps", []):
        yield Wanted(step["name"], step.get("params", {})), step["url"]
    if "user" in login:
        yield Wanted("user", login["user"].get("params", {})), login["user"].get("url", OWN_PATHS["user"])


def _params(part: Mapping[str, Any], usual: Mapping[str, str]) -> dict[str, str]:
    if "params" in part:
        return {**part["params"], **part.get("more", {})}
    names = part.get("rename", {})
    return {names.get(name, name): text for name, text in usual.items()} | part.get("more", {})


def _fits(address: str, path: str) -> bool:
    """Tells whether a path is an address's; what a channel's keys fill in may be anything."""
    if address.startswith(("{", "/")):
        return path.endswith(address.rpartition("}")[2])
    wanted = urlsplit(address).path.strip("/").split("/")
    given = path.strip("/").split("/")
    return len(wanted) == len(given) and all(
        "{" in one or one == other for one, other in zip(wanted, given, strict=True)
    )


def issuer_of(login: Mapping[str, Any], own: str, tenant: str) -> str:
    """Returns the issuer of a description; a server of an operator's own is this simulator, at `own`."""
    said: str = login["id_token"]["issuer"]
    for name, setting in login.get("settings", {}).items():
        said = said.replace(f"{{{name}}}", setting.get("default") or own)
    return said.replace("{tid}", tenant)


def refusal_word(login: Mapping[str, Any]) -> str:
    """Returns the word by which a provider says that the person refused."""
    for rule in login.get("errors", []):
        is_told = "return" in _listed(rule.get("at")) and rule["means"].endswith("user_denied")
        if is_told and "is" in rule and rule.get("where", "error") == "error":
            return str(_listed(rule["is"])[0])
    return "access_denied"


def rule_for(login: Mapping[str, Any], call: str, hints: tuple[str, ...]) -> dict[str, Any] | None:
    """Returns the first rule by which a provider says one of these things at a call."""
    for hint in hints:
        for rule in login.get("errors", []):
            if rule["means"].rpartition("/")[2] == hint and call in (_listed(rule.get("at")) or [call]):
                return dict(rule)
    return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def first(value: Any) -> Any:
    """Returns the first of several values, or the only one."""
    return _listed(value)[0]
