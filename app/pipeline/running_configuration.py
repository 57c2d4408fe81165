"""What configuration the serving processes run, as fingerprints, so that the files of now can be compared with it anywhere.

Of a key a fingerprint is kept and no value, but for those that every channel takes and that are no secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import BaseModel, SecretStr

from app.config.channels import TABLES, ChannelConfig, ChannelsFile
from app.config.home import own_database_url, own_path
from app.config.settings import Settings
from app.pipeline.services import Services
from app.security.signatures import hmac_sha256, sha256_hex
from app.storage.shared_notes import Note, find_note, write_note

RUNNING = "running_configuration"
SHOWN = (
    "platform", "title", "enabled", "ip_allowlist", "ip_denylist", "rate_limit", "rate_limit_per_address", "max_body_bytes",
    "unknown_events", "under_pressure", "allow_unsigned", "dedupe_window_days", "order_by", "relay_host",
)  # fmt: skip
HIDDEN = ("ca_bundle", "egress_proxy", "domain_files")
FINGERPRINT = "#"
"""Begins a fingerprint; what begins otherwise is the value itself, as JSON."""

Fingerprints = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By table (`channels`, `destinations` …, `settings`), then by name, then by key."""

log = structlog.get_logger(__name__)


def fingerprints(settings: Settings, file: ChannelsFile, key: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the fingerprints of a whole configuration, made with one SECRET_KEY."""
    found = {"channels": {each.name: _of_channel(each, key) for each in file.channels}}
    for table in ("destinations", *TABLES):
        found[table] = {each.name: _of_table(each, key) for each in getattr(file, table)}
    placed = _with_whole_paths(settings)
    found["settings"] = {"": {name.upper(): text for name, text in _of_table(placed, key).items()}}
    return found


def _with_whole_paths(settings: Settings) -> Settings:
    """Return settings whose own files are named in full: a terminal in their folder and a gateway told of it mean the same."""
    here = Path.cwd()
    return settings.model_copy(
        update={
            "channels_file": own_path(here, settings.channels_file),
            "database_url": own_database_url(here, settings.database_url),
        }
    )


def key_name(key: str) -> str:
    """Return what tells one SECRET_KEY from another without saying it."""
    return sha256_hex(b"running configuration\x00", key.encode())[:16]


def tell_what_runs(services: Services) -> None:
    """Note what this process runs, once in its life; the process that started last is right."""
    if services.runtime.has_told_what_runs:
        return
    key = services.settings.secret_key[0]
    content = orjson.dumps(
        {"key": key_name(key), "tables": fingerprints(services.settings, services.file, key)},
        option=orjson.OPT_SORT_KEYS,
    )
    try:
        with services.database.begin() as tx:
            known = find_note(tx, RUNNING)
            if known is None or known.content != content:
                write_note(tx, Note(RUNNING, "system", services.clock.now(), content))
    except Exception as error:  # noqa: BLE001 - what runs is only compared; nothing may fail for it
        log.warning("running_configuration_not_told", error=error.__class__.__name__)
        return
    services.runtime.has_told_what_runs = True


def what_runs(services: Services) -> tuple[Fingerprints, str | None]:
    """Return what the serving processes run and the SECRET_KEY it is told with, None where that is gone; else this process's own."""
    with services.database.read() as tx:
        note = find_note(tx, RUNNING)
    if note is None:
        key = services.settings.secret_key[0]
        return fingerprints(services.settings, services.file, key), key
    told = orjson.loads(note.content)
    keys = {key_name(key): key for key in services.settings.secret_key}
    return told["tables"], keys.get(told["key"])


def _of_channel(config: ChannelConfig, key: str) -> dict[str, str]:
    shown = {name: getattr(config, name) for name in SHOWN}
    hidden = {name: getattr(config, name) for name in HIDDEN} | dict(config.options)
    return {name: _text(value) for name, value in shown.items()} | _printed(hidden.items(), key, config.name)


def _of_table(model: BaseModel, key: str) -> dict[str, str]:
    own = ((name, getattr(model, name)) for name in type(model).model_fields)
    return _printed(own, key, str(getattr(model, "name", "")))


def _printed(pairs: Iterable[tuple[str, Any]], key: str, place: str) -> dict[str, str]:
    return {
        name: FINGERPRINT
        + hmac_sha256(key.encode(), f"{place}\x00{name}\x00{_text(value)}".encode()).hex()[:24]
        for name, value in pairs
    }


def _text(value: Any) -> str:
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, frozenset | set):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else repr(value)
