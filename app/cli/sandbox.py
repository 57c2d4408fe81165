"""`flask sandbox`: ask the simulator to act; nothing is signed here, the simulator does that by itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

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
    @click.argument("event_type", required=False)
    @click.option("--count", default=1, show_default=True, help="How many different events.")
    @click.option("--duplicate", default=0, show_default=True, help="Extra copies of each.")
    def fire(channel: str, event_type: str | None, count: int, duplicate: int) -> None:
        """Send correctly signed sample events from the simulator to this gateway; without EVENT_TYPE, list what it can send."""
        opened = services.channels.get(channel)
        if opened is None:
            raise click.ClickException(f"There is no enabled channel {channel!r}; see `flask channels list`.")
        if event_type is None:
            _list_types(services, channel, opened.spec.slug)
            return
        order: dict[str, Any] = {"channel": channel, "platform": opened.spec.slug, "type": event_type}
        order |= {"count": count, "duplicate": duplicate, "public_url": services.settings.public_base_url}
        said = _asked(services, "POST", "/_sandbox/fire", order)
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))

    return group


def _list_types(services: Services, channel: str, slug: str) -> None:
    samples = _asked(services, "GET", f"/_sandbox/samples?platform={quote(slug)}")
    for sample in samples:
        click.echo(f"{sample['type']:<44}  {sample['title']['en']}")
    click.echo(f"{len(samples)} in all; `flask sandbox fire {channel} TYPE` sends one.")


def _asked(services: Services, method: str, path: str, content: object = None) -> Any:
    """Ask the simulator and return its JSON; whatever is wrong becomes one sentence."""
    settings = services.settings
    if not settings.sandbox_is_on:
        raise click.ClickException("The simulator is off (SANDBOX).")
    client = OutboundClient(allowed_origins=frozenset({origin_of(settings.sandbox_url)}))
    try:
        answer = client.request(method, settings.sandbox_url + path, json=content)
    except CallgateError as error:
        raise click.ClickException(f"{error.message} Is the simulator running (make run)?") from None
    try:
        said = json.loads(answer.body)
    except ValueError:
        raise click.ClickException(
            f"Something else than the simulator answers at {settings.sandbox_url}."
        ) from None
    if answer.status != 200:  # noqa: PLR2004
        raise click.ClickException(said.get("message", str(said)))
    return said
