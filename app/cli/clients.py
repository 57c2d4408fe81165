"""`flask clients`: systems that log people in through this gateway; those of channels.toml and registered ones."""

from __future__ import annotations

import json
from typing import Any

import click

from app.cli.told import told
from app.pipeline.services import Services

ACTOR = "terminal"


def clients_group(services: Services) -> click.Group:
    """Return `flask clients`."""

    @click.group("clients")
    def group() -> None:
        """Systems that log people in through this gateway."""

    @group.command("list")
    @click.option("--limit", type=click.IntRange(1, 500), default=200, show_default=True, help="How many.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def list_all(limit: int, as_json: bool) -> None:
        """Show the clients, those of the channels file first."""
        # Loaded here: a gateway without clients needs none of it.
        from app.pipeline.issuer.clients import client_view, list_clients

        found = [client_view(client) for client in list_clients(services)][:limit]
        if as_json:
            click.echo(json.dumps({"items": found}, ensure_ascii=False))
            return
        for each in found:
            kind = "public" if each["public"] else "first-party" if each["first_party"] else "confidential"
            where = each["created_by"] or "channels.toml"
            click.echo(f"{each['client_id']:<32}{kind:<14}{where:<16}{', '.join(each['redirect_uris'])}")
        if not found:
            click.echo("No client yet; a [[clients]] table in channels.toml makes one.")

    _add_changes(group, services)
    return group


def _add_changes(group: click.Group, services: Services) -> None:
    @group.command("register")
    @click.argument("title")
    @click.option("--redirect-uri", "redirect_uris", multiple=True, required=True, help="Where browsers go back to, exactly; may be repeated.")  # fmt: skip
    @click.option("--scope", "scopes", multiple=True, help="What it may ask for; openid, profile and offline_access unless given.")  # fmt: skip
    @click.option("--public", is_flag=True, help="It cannot keep a secret: an app, a page.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def register(title: str, as_json: bool, public: bool, **lists: tuple[str, ...]) -> None:
        """Register a client; its secret is printed once."""
        from app.pipeline.issuer.clients import client_view, register_client

        keys: dict[str, Any] = {"title": title, "public": public}
        keys |= {name: list(values) for name, values in lists.items() if values}
        with told():
            client, secret = register_client(services, keys, actor=ACTOR)
        if as_json:
            click.echo(json.dumps(client_view(client) | {"client_secret": secret}, ensure_ascii=False))
            return
        click.echo(f"client_id      {client.client_id}")
        click.echo(f"client_secret  {secret or '(none: a public client)'}")
        click.echo(f"issuer         {services.settings.public_base_url}")

    @group.command("remove")
    @click.argument("client_id")
    def remove(client_id: str) -> None:
        """Remove a registered client; its tokens are good no more."""
        from app.pipeline.issuer.clients import remove_client

        with told():
            remove_client(services, client_id, actor=ACTOR)
        click.echo(f"{client_id} is removed.")
