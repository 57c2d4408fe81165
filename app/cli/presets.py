"""`flask presets`: the logins that are described by data, and the keys of each."""

from __future__ import annotations

import json
from typing import Any

import click

from app import platforms
from app.cli.lists import MOST, Wish, list_options, print_list
from app.pipeline.services import Services
from app.wire.logins.hints import HINTS
from app.wire.logins.login import Login
from app.wire.logins.settings import LoginSettings, settings_of


def presets_group(services: Services) -> click.Group:
    """Return `flask presets`."""

    @click.group("presets")
    def group() -> None:
        """Logins that are described by data."""

    @group.command("list")
    @list_options(limit=MOST, time=None)
    def list_presets(*, wish: Wish) -> None:
        """Print every login: slug, name, and whether what is known of it was read somewhere."""
        found = [_row(login) for login in platforms.presets().values()]
        print_list(found, wish, line=_line, nothing="No logins.")
        if not wish.as_json:
            click.echo(f"{len(found)} logins; `flask presets show SLUG` tells the keys of one.")

    @group.command("show")
    @click.argument("slug")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object.")
    def show(slug: str, as_json: bool) -> None:
        """Print one login: what to paste where, the keys of a channel, and what its refusals mean."""
        login = platforms.presets().find(slug)
        if login is None:
            raise click.ClickException(f"There is no preset {slug!r}; see `flask presets list`.")
        base = services.settings.public_base_url
        if as_json:
            click.echo(json.dumps(_details(login, base), ensure_ascii=False, indent=2))
            return
        _show(login, base)

    return group


def _line(row: dict[str, Any]) -> str:
    sure = "" if row["confidence"] == "source" else "  unconfirmed"
    return f"{row['slug']:<16}{row['name']} / {row['name_zh']}{sure}"


def _row(login: Login) -> dict[str, Any]:
    named = ("slug", "name", "name_zh", "region", "confidence")
    return {name: getattr(login, name) for name in named}


def _address(login: Login, base: str) -> str:
    if login.is_direct:
        return f"{base}/api/v1/mini-program/<channel>/login"
    return f"{base}/oauth/<channel>/callback"


def _details(login: Login, base: str) -> dict[str, Any]:
    keys = {
        name: {
            "label": said.label,
            "label_zh": said.label_zh,
            "needed": said.default is None,
            "secret": said.secret,
        }
        for name, said in settings_of(login).items()
    }
    return _row(login) | {
        "aliases": list(login.aliases),
        "address": _address(login, base),
        "console": login.console,
        "scope": login.scope,
        "subject_kinds": [each.kind for each in login.subjects],
        "facts": login.facts,
        "read": login.read,
        "unconfirmed": list(login.unconfirmed),
        "note": login.note,
        "note_zh": login.note_zh,
        "keys": keys,
        "hints": _hints(login),
    }


def _hints(login: Login) -> list[str]:
    said = [rule.means.partition("/")[2] for rule in login.errors]
    return [name for name in dict.fromkeys(["redirect_uri", "client_secret", *said]) if name]


def _show(login: Login, base: str) -> None:
    click.echo(f"{login.slug}: {login.name} / {login.name_zh}")
    lines = {
        "paste there": _address(login, base),
        "console": login.console,
        "scope": login.scope,
        "person's id": ", ".join(each.kind for each in login.subjects),
        "facts from": f"{login.facts} (read {login.read})",
        "confidence": login.confidence,
        "unconfirmed": "; ".join(login.unconfirmed),
        "note": login.note,
    }
    for label, text in lines.items():
        if text:
            click.echo(f"    {label:<14}{text}")
    click.echo("    keys of a channel:")
    for name, said in settings_of(login).items():
        needed = "" if said.default is None else f" (optional{', ' + said.default if said.default else ''})"
        click.echo(f"        {name:<18}{said.label}{needed}")
    for name in ("base", "allowed_hosts", "scope", "authorize_params"):
        click.echo(f"        {name:<18}{LoginSettings.model_fields[name].description} (optional)")
    click.echo("    faults:")
    words = {"name": login.name, "console": login.console, "redirect_uri": _address(login, base)}
    for name in _hints(login):
        click.echo(f"        {name:<18}{HINTS[name].sentence.format(**words)}")
