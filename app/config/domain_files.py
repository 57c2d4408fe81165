"""`domain_files` of a channel: small files by which a platform sees that a domain is ours (CONTRACT §4).

`["MP_verify_x.txt"]` names files beside the channels file, `{ "name" = "content" }` says what is in them. All are read once,
at the start. A name is one segment: no way leads out of the folder, and none of it to an address of the gateway.
Sources: specification.website on `apple-app-site-association` (application/json, no redirect), orbitkit.io on
`apple-developer-domain-association.txt`, Microsoft's MSIdentityTools on `microsoft-identity-association.json` (application/json);
read 2026-11-28. What the consoles of WeChat and WeCom ask for (`MP_verify_…`, `WW_verify_…`) is unconfirmed in their pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}(?:\.txt|\.json)?")
MOST_FILES = 20
MOST_BYTES = 131_072

OWN_NAMES = frozenset(
    {
        "api", "auth", "authorise", "bind", "callgate-probe", "compat", "console", "dev", "docs", "healthz", "me", "metrics", "oauth", "oidc",
        "openapi.json", "readyz", "relay", "send", "static", "webhooks", "wechat",
        "jwks.json", "openid-configuration", "oauth-authorization-server",
    }
)  # fmt: skip
"""First segments of the gateway's own addresses and names under `/.well-known/`, those that are still to come among them."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Names of files, and the folder they are in: that of the channels file."""

    folder: Path
    names: tuple[object, ...]


def with_own_domain_files(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a channels file whose lists of domain files know their folder."""
    channels = document.get("channels")
    if not isinstance(channels, dict):
        return document
    return document | {"channels": {name: _beside(table, folder) for name, table in channels.items()}}


def _beside(table: Any, folder: Path) -> Any:
    names = table.get("domain_files") if isinstance(table, dict) else None
    return table | {"domain_files": Beside(folder, tuple(names))} if isinstance(names, list) else table


def checked_files(value: object) -> Mapping[str, bytes]:
    """Return the files by name; raises ValueError with what to fix."""
    if isinstance(value, Beside):
        value = {name: _read(value.folder / _checked_name(name)) for name in value.names[: MOST_FILES + 1]}
    if not isinstance(value, Mapping):
        raise ValueError('must be a list of names, or a table such as { "MP_verify_x.txt" = "content" }')
    if len(value) > MOST_FILES:
        raise ValueError(f"holds more than {MOST_FILES} files")
    return {_checked_name(name): _checked_content(name, content) for name, content in value.items()}


def clashes(files_of: Iterable[tuple[str, Mapping[str, bytes]]]) -> list[str]:
    """Return a sentence for each name that two channels give different contents; `files_of` are channels and files."""
    faults: list[str] = []
    first: dict[str, tuple[str, bytes]] = {}
    for channel, files in files_of:
        for name, content in files.items():
            owner, known = first.setdefault(name, (channel, content))
            if known != content:
                faults.append(
                    f"[channels.{channel}] domain_files: {name} says something else than in {owner!r}."
                )
    return faults


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        shown = repr(name[:40]) if isinstance(name, str) else "a name"
        raise ValueError(
            f"{shown} must be one file name of letters, digits, - and _ (128 at most) with .txt, .json or no ending; "
            "it is answered at the root and under /.well-known/ by itself"
        )
    if name.lower() in OWN_NAMES:
        raise ValueError(f"{name} is an address of the gateway's own")
    return name


def _checked_content(name: str, content: object) -> bytes:
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    if not isinstance(raw, bytes):
        raise ValueError(f"{name} must be text")
    if len(raw) > MOST_BYTES:
        raise ValueError(f"{name} is longer than {MOST_BYTES} bytes")
    return raw


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(
            f"{path.name} cannot be read beside the channels file ({error.__class__.__name__})"
        ) from None


DomainFiles = Annotated[Mapping[str, bytes], BeforeValidator(checked_files)]
