"""`flask channels`: every channel with the exact addresses to paste into the platform's console."""

from __future__ import annotations

import click

from app.pipeline.operators.channels import channel_view
from app.pipeline.services import Services

LABELS = {"callback_url": "callback URL", "redirect_uri": "login redirect URL"}
PROOFS = {
    "body": "the whole body",
    "origin": "who calls, not the body: whoever sees one request can send another body",
    "none": "nothing: anybody can send (allow_unsigned)",
}


def channels_group(services: Services) -> click.Group:
    """Return `flask channels`."""

    @click.group("channels")
    def group() -> None:
        """Channels and their addresses."""

    @group.command("list")
    def list_channels() -> None:
        """Print every channel, enabled or why not, with its exact callback addresses."""
        items = channel_view(services)
        if not items:
            click.echo(f"There are no channels; add one to {services.settings.channels_file}.")
        for item in items:
            state = "enabled" if item["enabled"] else f"disabled: {item['reason']}"
            click.echo(f"{item['name']}  ({item['platform']}, {item['title']})  {state}")
            for name, address in item["urls"].items():
                click.echo(f"    {LABELS[name]:<20}{address}")
            if item["capabilities"]:
                click.echo(f"    {'can':<20}{', '.join(item['capabilities'])}")
            if item["signature_covers"] is not None:
                click.echo(f"    {'proof covers':<20}{PROOFS[item['signature_covers']]}")

    return group
