"""`flask sandbox`: ask the simulator to act; nothing is signed here, the simulator does that by itself."""

from __future__ import annotations

import json

import click

from app.core.errors import CallgateError
from app.pipeline.services import Services
from app.security.outbound import OutboundClient, origin_of


def sandbox_group(services: Services) -> click.Group:
    """Return `flask sandbox`."""

    @click.group("sandbox")
    def group() -> None:
        """The simulated platforms."""

    @group.command("fire")
    @click.argument("channel")
    @click.argument("event_type")
    @click.option("--count", default=1, show_default=True, help="How many different events.")
    @click.option("--duplicate", default=0, show_default=True, help="Extra copies of each.")
    def fire(channel: str, event_type: str, count: int, duplicate: int) -> None:
        """Send correctly signed sample events from the simulator to this gateway."""
        settings = services.settings
        if not settings.sandbox_is_on:
            raise click.ClickException("The simulator is off (SANDBOX).")
        opened = services.channels.get(channel)
        if opened is None:
            raise click.ClickException(f"There is no enabled channel {channel!r}; see `flask channels list`.")
        client = OutboundClient(allowed_origins=frozenset({origin_of(settings.sandbox_url)}))
        order = {"channel": channel, "platform": opened.spec.slug, "type": event_type}
        try:
            answer = client.request(
                "POST",
                f"{settings.sandbox_url}/_sandbox/fire",
                json=order | {"count": count, "duplicate": duplicate},
            )
        except CallgateError as error:
            raise click.ClickException(f"{error.message} Is the simulator running (make run)?") from None
        text = answer.body.decode("utf-8", "replace")
        if answer.status != 200:  # noqa: PLR2004
            raise click.ClickException(text)
        click.echo(json.dumps(json.loads(text), indent=2, ensure_ascii=False))

    return group
