"""Reload: what would change if the serving processes read their files anew, what is at fault in them, and asking for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.config.fault_places import line_of_fault
from app.core.errors import ConfigurationError, RefusedError
from app.pipeline.reloading import WISH
from app.pipeline.running_configuration import FINGERPRINT, fingerprints, what_runs
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.shared_notes import Note, write_note

MOST_TOLD = 5
"""Faults in one sentence of a refusal."""

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and the line of the channels file where it is about one."""

    sentence: str
    line: int | None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that differs. Values are told of what every channel takes and what is no secret; else both are None."""

    name: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class TableChange:
    """A channel, a destination, another table of the file, or the settings (without a name)."""

    table: str
    name: str
    change: Change
    keys: tuple[KeyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """The files of now against what runs; with faults nothing else is known."""

    file: str
    faults: tuple[Fault, ...] = ()
    changes: tuple[TableChange, ...] = ()
    secrets_compared: bool = True
    """False where what runs was told with a SECRET_KEY that is gone; then only what is told openly was compared."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {
            "file": self.file,
            "faults": [{"sentence": each.sentence, "line": each.line} for each in self.faults],
            "changes": [
                {
                    "table": each.table,
                    "name": each.name,
                    "change": each.change,
                    "keys": [
                        {"name": key.name, "before": key.before, "after": key.after} for key in each.keys
                    ],
                }
                for each in self.changes
            ],
            "secrets_compared": self.secrets_compared,
        }


def compare(services: Services) -> Difference:
    """Read the files anew and return what is at fault, or what differs from what the serving processes run."""
    name = Path(services.settings.channels_file).name
    if services.reread is None:
        return Difference(name)
    try:
        settings, file = services.reread()
    except ConfigurationError as error:
        text = _text_of(services.settings.channels_file)
        return Difference(name, tuple(Fault(each, line_of_fault(text, each)) for each in error.faults))
    running, key = what_runs(services)
    now = fingerprints(settings, file, key or settings.secret_key[0])
    return Difference(
        name,
        changes=tuple(_changes(running, now, with_secrets=key is not None)),
        secrets_compared=key is not None,
    )


def ask_for_reload(services: Services, *, actor: str, trace_id: str = "") -> Difference:
    """Ask every serving process to be replaced, as SIGHUP does; raises RefusedError 409 where the files are at fault."""
    difference = compare(services)
    if difference.faults:
        told = " ".join(each.sentence for each in difference.faults[:MOST_TOLD])
        message = f"The files cannot be used, so what runs goes on: {told}"
        raise RefusedError("configuration_at_fault", message, http_status=409)
    now = services.clock.now()

    def ask(tx: Transaction) -> None:
        write_note(tx, Note(WISH, actor, now))
        write_audit(
            tx,
            at=now,
            actor=actor,
            action="configuration.reloaded",
            target=difference.file,
            trace_id=trace_id,
        )

    services.database.run(ask)
    return difference


def check_can_reload(services: Services) -> None:
    """Refuse where this process has nobody who could replace it: a gateway under another server; raises RefusedError 409."""
    if services.runtime.main_process is None:
        message = "This gateway is not run by `flask serve`, so it cannot replace itself; restart the server that runs it."
        raise RefusedError("cannot_reload", message, http_status=409)


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _changes(
    before: Mapping[str, Mapping[str, Mapping[str, str]]],
    after: Mapping[str, Mapping[str, Mapping[str, str]]],
    *,
    with_secrets: bool,
) -> list[TableChange]:
    found = []
    for table in after:
        old, new = before.get(table, {}), after[table]
        found += [TableChange(table, name, "added") for name in new if name not in old]
        found += [TableChange(table, name, "removed") for name in old if name not in new]
        for name in new:
            keys = _keys(old.get(name, new[name]), new[name], with_secrets=with_secrets)
            if keys:
                found.append(TableChange(table, name, "changed", keys))
    return found


def _keys(
    before: Mapping[str, str], after: Mapping[str, str], *, with_secrets: bool
) -> tuple[KeyChange, ...]:
    names = [name for name in sorted({**before, **after}) if before.get(name) != after.get(name)]
    changes = (_key(name, before.get(name), after.get(name)) for name in names)
    return tuple(
        each for each in changes if with_secrets or each.before is not None or each.after is not None
    )


def _key(name: str, before: str | None, after: str | None) -> KeyChange:
    if any(text is not None and text.startswith(FINGERPRINT) for text in (before, after)):
        return KeyChange(name)
    return KeyChange(name, _readable(before), _readable(after))


def _readable(text: str | None) -> str | None:
    """Return what was told openly as people read it."""
    if text is None:
        return None
    value = json.loads(text)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value)
