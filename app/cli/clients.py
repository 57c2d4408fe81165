"""`flask clients`: systems that log people in through this gateway; those of channels.toml and registered ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.cli.told import told
from app.pipeline.services import Services

ACTOR = "terminal"


def clients_group(services: Services) -> click.Group:
    """Return `flask clients`."""

    @click.group("clients")
    def group() -> None:
        """Systems that log people in through this gateway."""

    @group.command("list")
    @list_options(limit=200, time=None)
    def list_all(*, wish: Wish) -> None:
        """Show the clients, those of the channels file first."""
        # Loaded here: a gateway without clients needs none of it.
        from app.pipeline.issuer.clients import client_view, list_clients

        found = [client_view(client) for client in list_clients(services)]
        nothing = "No client yet; a [[clients]] table in channels.toml makes one."
        print_list(found, wish, line=_line, nothing=nothing)

    _add_changes(group, services)
    return group


def _line(client: Mapping[str, Any]) -> str:
    kind = "public" if client["public"] else "first-party" if client["first_party"] else "confidential"
    where = client["created_by"] or "channels.toml"
    return f"{client['client_id']:<32}{kind:<14}{where:<16}{', '.join(client['redirect_uris'])}"


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
