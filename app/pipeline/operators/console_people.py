"""People of the console: added, listed, given a role and a password, removed. All of it is audited; sessions end with it.

The first one is `admin` with ADMIN_PASSWORD; that one stands in the settings, not here.
"""

from __future__ import annotations

import re
from typing import Any

from app.core.errors import RefusedError, RequestError
from app.core.moments import as_text
from app.core.roles import Role
from app.core.storable import is_storable
from app.pipeline.services import Services
from app.security.passwords import MAX_LENGTH, hash_password, password_fault
from app.storage.audit import write_audit
from app.storage.console.people import (
    ConsolePerson,
    delete_console_person,
    find_console_person,
    insert_console_person,
    list_console_people,
    update_console_person,
)
from app.storage.console.sessions import delete_console_sessions_of

FIRST_PERSON = "admin"
BY_PASSWORD = "password"  # noqa: S105 - a kind of sign-in
MOST_PEOPLE = 500
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def console_people_view(services: Services) -> list[dict[str, Any]]:
    """Return everybody who signs in with a password, and the platform accounts of CONSOLE_ADMINS."""
    settings = services.settings
    with services.database.read() as tx:
        stored = list_console_people(tx, limit=MOST_PEOPLE)
    first = [_shown(FIRST_PERSON, BY_PASSWORD, Role.ADMIN)] if settings.admin_password else []
    kept = [_shown(each.name, BY_PASSWORD, each.role, as_text(each.created_at)) for each in stored]
    accounts = [
        _shown(f"{each.channel}:{each.subject}", "platform", each.role) for each in settings.console_admins
    ]
    return [*first, *kept, *accounts]


def _shown(name: str, by: str, role: Role, created_at: str | None = None) -> dict[str, Any]:
    """Return one person; who has no `created_at` stands in the settings."""
    return {"name": name, "by": by, "role": role.value, "created_at": created_at}


def add_console_person(services: Services, name: str, password: str, role: Role, *, actor: str) -> None:
    """Let somebody sign in from now on; raises RequestError for a bad name or password, RefusedError 409 for a taken name."""
    _check_name(name)
    _check_password(password, name)
    now, kept = services.clock.now(), hash_password(password)
    with services.database.begin() as tx:
        if not insert_console_person(tx, ConsolePerson(name, kept, role, now, now)):
            raise RefusedError("name_taken", f"There is a person called {name} already.", http_status=409)
        write_audit(
            tx, at=now, actor=actor, action="console.person_added", target=name, detail={"role": role.value}
        )


def set_console_role(services: Services, name: str, role: Role, *, actor: str) -> None:
    """Give somebody another role, from their next request on; raises RefusedError 404 for nobody."""
    now = services.clock.now()
    with services.database.begin() as tx:
        _check_stored(name)
        if not update_console_person(tx, name, now, role=role.value):
            raise _nobody(name)
        write_audit(
            tx, at=now, actor=actor, action="console.role_changed", target=name, detail={"role": role.value}
        )


def set_console_password(services: Services, name: str, password: str, *, actor: str) -> None:
    """Give somebody another password and end their sessions; raises as adding them does, RefusedError 404 for nobody."""
    _check_stored(name)
    _check_password(password, name)
    now, kept = services.clock.now(), hash_password(password)
    with services.database.begin() as tx:
        if not update_console_person(tx, name, now, password_hash=kept):
            raise _nobody(name)
        delete_console_sessions_of(tx, BY_PASSWORD, name)
        write_audit(tx, at=now, actor=actor, action="console.password_changed", target=name)


def remove_console_person(services: Services, name: str, *, actor: str) -> None:
    """Let somebody sign in no more, and end their sessions; raises RefusedError 404 for nobody."""
    now = services.clock.now()
    with services.database.begin() as tx:
        _check_stored(name)
        if not delete_console_person(tx, name):
            raise _nobody(name)
        delete_console_sessions_of(tx, BY_PASSWORD, name)
        write_audit(tx, at=now, actor=actor, action="console.person_removed", target=name)


def read_role(text: str) -> Role:
    """Read a role; raises RequestError `bad_role`."""
    if text not in set(Role):
        raise RequestError("bad_role", f"A role is one of {', '.join(Role)}.")
    return Role(text)


def find_stored(services: Services, name: str) -> ConsolePerson | None:
    """Return somebody who is kept in the database."""
    if not NAME.fullmatch(name):
        return None
    with services.database.read() as tx:
        return find_console_person(tx, name)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        message = "A name has 1 to 64 letters, digits and . _ @ - and begins with a letter or digit."
        raise RequestError("bad_name", message)
    _check_stored(name)


def _check_stored(name: str) -> None:
    """Refuse the name that stands in the settings."""
    if name.lower() == FIRST_PERSON:
        message = f"{FIRST_PERSON} is the person of ADMIN_PASSWORD; change it there, and restart the gateway."
        raise RefusedError("name_taken", message, http_status=409)


def _check_password(password: str, name: str) -> None:
    fault = password_fault(password, name=name)
    if fault is None and not is_storable(password, MAX_LENGTH):
        fault = "A password has no NUL and no half characters."
    if fault is not None:
        raise RequestError("bad_password", fault)


def _nobody(name: str) -> RefusedError:
    message = f"There is nobody called {name[:64]!r}; `flask users list` shows who there is."
    return RefusedError("unknown_console_person", message, http_status=404)
