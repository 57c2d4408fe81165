"""`flask init`: a gateway's own files, before there is any configuration. Asks nothing."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from app.cli.own_files import CODE, write_for_development, write_for_production


@click.command("init")
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), envvar="CALLGATE_HOME", default="."
)
@click.option("--dev", is_flag=True, help="With the simulator's accounts and the example handlers.")
def init_command(folder: Path, dev: bool) -> None:
    """Write the own files (.env, channels.toml, handlers/) into a folder, with fresh secrets; keep those that exist."""
    write = write_for_development if dev else write_for_production
    try:
        files = write(folder)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or folder} cannot be written: {error.strerror}."
        ) from None
    for file in files:
        click.echo(f"{'wrote' if file.is_new else 'kept '}  {file.path}")
    click.echo(f"Next: {_next_command(folder)}")


def _next_command(folder: Path) -> str:
    """Return what to type in the folder where the command was typed."""
    here = Path.cwd()
    flask = "flask" if here == CODE else f"flask --app {shlex.quote(str(CODE / 'wsgi.py'))}"
    home = "" if folder.resolve() == here else f"CALLGATE_HOME={shlex.quote(str(folder.resolve()))} "
    return f"{home}{flask} db upgrade && {home}{flask} serve"
