"""`flask tunnel`: the callback addresses for a tunnel that runs on this machine, and its address into `.env`."""

from __future__ import annotations

import click

from app.config.dotenv_lines import set_line
from app.config.environment import DOTENV, own_folder, read_environment
from app.config.setting_kinds import root_address
from app.config.settings import read_settings
from app.core.visible import visible_line
from app.pipeline.operators.tunnels import USUAL_PLACES, Tunnel, find_tunnels, leads_to, places_at
from app.security.redaction import redact_event
from app.telemetry.logging import configure_logging

SETTING = "PUBLIC_BASE_URL"
USUAL_PORT = 5003
NONE_RUNS = (
    "No tunnel was found on port %(port)s. Start one (`ngrok http %(port)s`, `cloudflared tunnel --url http://localhost:%(port)s`, `frpc`), or name "
    "the address of another one: flask tunnel --url https://…; --at says where a tunnel's own API answers when it is not the usual place."
)


@click.command("tunnel")
@click.option(
    "--write", is_flag=True, help="Put its address into .env as PUBLIC_BASE_URL; the file as it was is kept."
)
@click.option("--url", help="The address of a tunnel that cannot be asked: localtunnel, 花生壳 and others.")
@click.option(
    "--port",
    default=USUAL_PORT,
    show_default=True,
    help="The port of `flask serve` that the tunnel leads to.",
)
@click.option("--at", help="Where the tunnel's own API answers, with user:password@ where it wants them.")
def tunnel_command(write: bool, url: str | None, port: int, at: str | None) -> None:
    """Find a running tunnel, and print the callback addresses for it."""
    configure_logging(as_json=False, level="ERROR", redact=redact_event)
    _refuse_in_production()
    tunnel = _given(url) if url else _found(port, at)
    click.echo(_line(tunnel))
    _print_addresses(tunnel.url)
    if write:
        _write(tunnel.url)
    else:
        click.echo(f"Nothing was changed; `flask tunnel --write` puts {SETTING}={tunnel.url} into .env.")


def _line(tunnel: Tunnel) -> str:
    """Return a tunnel on one line; where it leads to is told by somebody else's program."""
    return visible_line(f"{tunnel.who}  {tunnel.url}" + (f"  → {tunnel.target}" if tunnel.target else ""))


def _refuse_in_production() -> None:
    settings, _ = read_settings(read_environment())
    if settings.app_env == "prod":
        raise click.ClickException(
            "APP_ENV is prod: a tunnel is for development, and prod refuses its address. Use a host name of your own with a proxy in front "
            "(docs/environments.md)."
        )


def _given(url: str) -> Tunnel:
    try:
        return Tunnel("given", root_address(url))
    except ValueError as error:
        raise click.ClickException(f"--url {error}.") from None


def _found(port: int, at: str | None) -> Tunnel:
    try:
        places = places_at(at) if at else USUAL_PLACES
    except ValueError as error:
        raise click.ClickException(f"--at {error}.") from None
    everyone = find_tunnels(places)
    here = leads_to(everyone, port)
    if not here and everyone:
        shown = "\n".join(f"  {_line(each)}" for each in everyone)
        raise click.ClickException(
            f"These tunnels run, but none leads to port {port}; --port says which one the gateway has:\n{shown}"
        )
    if not here:
        raise click.ClickException(NONE_RUNS % {"port": port})
    for other in here[1:]:
        click.echo(
            f"! {visible_line(f'{other.who} has {other.url}')} too; name it with --url to use it.", err=True
        )
    return here[0]


def _print_addresses(url: str) -> None:
    """Print what each channel's addresses are behind the tunnel."""
    from app.cli.loading import faults_end_the_program
    from app.factory import open_services
    from app.pipeline.channels import addresses
    from app.pipeline.operators.doctor.channel import LABELS

    with faults_end_the_program():
        services = open_services({**read_environment(), SETTING: url, "LOG_LEVEL": "ERROR"})
    for channel in services.channels:
        urls = addresses(services.settings, channel)
        if urls:
            click.echo(f"{channel.name}  ({channel.spec.slug})")
        for name, address in urls.items():
            click.echo(f"    {LABELS[name]:<20}{address}")


def _write(url: str) -> None:
    file = own_folder() / DOTENV
    if not file.is_file():
        raise click.ClickException(f"{file} is not there; `flask init` writes one.")
    try:
        backup = set_line(file, SETTING, url)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {SETTING}={url} into {file}; as it was: {backup}.")
    if read_environment().get(SETTING) != url:
        click.echo(
            f"! {SETTING} is set in the environment itself, which wins over .env; take it out there.",
            err=True,
        )
    click.echo(
        "Restart the gateway, put the addresses above into the platforms' consoles, then look with `flask doctor`."
    )
