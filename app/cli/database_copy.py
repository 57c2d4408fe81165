"""`flask db copy`: the whole gateway from one database to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from app.config.environment import own_folder
from app.config.home import own_database_url
from app.core.errors import CallgateError, ConfigurationError, StoreUnavailable
from app.pipeline.services import Services
from app.pipeline.upkeep.database_copy import CopyFault, DatabaseCopy, Plan
from app.storage.database.db import Database
from app.storage.database.row_copies import Tally

FROM_FILE = "@"
LONGEST_ADDRESS = 8_192


def copy_command(services: Services) -> click.Command:
    """Return `flask db copy`."""

    @click.command("copy")
    @click.argument("to")
    @click.option("--from", "source", help="Address of the old database (default: DATABASE_URL).")
    @click.option("--dry-run", is_flag=True, help="Look at both databases, count, and change nothing.")
    @click.option("--yes", is_flag=True, help="Ask nothing.")
    @click.option(
        "--others-connected",
        is_flag=True,
        help="Go on although others are connected (a pooler, a psql). Gateways and workers must not be.",
    )
    def copy(to: str, source: str | None, dry_run: bool, yes: bool, others_connected: bool) -> None:
        """Copy all tables into the database TO, compare them, and leave the old one as it is.

        TO is an address as in DATABASE_URL, or @FILE, which holds it: other users of this machine see what is typed. The
        database TO must have the tables (flask db upgrade) and no rows. Stop every gateway and worker before.
        """
        with _opened(services, source) as old, _opened(services, to) as new:
            move = DatabaseCopy(old, new)
            plan = move.plan()
            _tell(plan, others_connected=others_connected)
            if dry_run:
                click.echo("Nothing was changed.")
                return
            if not yes:
                click.confirm(f"Copy {plan.total} rows from {_name(old)} to {_name(new)}?", abort=True)
            _tell_result(_run(move, plan))

    return copy


def _run(move: DatabaseCopy, plan: Plan) -> Mapping[str, Tally]:
    """Copy with a bar that counts each row twice, since it is compared too."""
    with click.progressbar(
        length=max(1, 2 * plan.total), label="Copying and comparing", item_show_func=str
    ) as bar:
        return move.run(lambda table, rows: bar.update(rows, table))


def _tell(plan: Plan, *, others_connected: bool) -> None:
    for table, rows in plan.rows.items():
        if rows:
            click.echo(f"{table:<24}{rows:>12}")
    click.echo(f"{plan.total} rows in {len(plan.rows)} tables")
    for name in plan.left_out:
        click.echo(f"! {name} is no table of the gateway (a handler's?) and is not copied.", err=True)
    if plan.is_anew:
        click.echo(
            "! An earlier copy into this database was not finished: its rows are deleted first.", err=True
        )
    for found in plan.in_use:
        click.echo(f"! {found}.", err=True)
    if plan.in_use and not others_connected:
        raise CopyFault(
            "Stop every gateway and worker first, and wait for half a minute if one was killed. Should it be somebody "
            "else who is connected, a pooler for example, say --others-connected."
        )


def _tell_result(compared: Mapping[str, Tally]) -> None:
    for table, found in compared.items():
        if found.rows:
            click.echo(f"{table:<24}{found.rows:>12}  {found.digest}  same")
    click.echo(
        f"{sum(found.rows for found in compared.values())} rows in {len(compared)} tables are the same in both databases.\n"
        "Now put the new address into DATABASE_URL and start the gateway; SECRET_KEY stays.\n"
        "The old database was not changed: delete it when you no longer need it."
    )


@contextmanager
def _opened(services: Services, written: str | None) -> Iterator[Database]:
    """Open the database of an address; whatever stands against the copy ends the program with a sentence."""
    try:
        database = Database(services.settings.database_url if written is None else _address(written))
    except ConfigurationError as error:
        raise click.ClickException(
            error.message.replace("DATABASE_URL", "The address of a database")
        ) from None
    try:
        yield database
    except StoreUnavailable:
        raise click.ClickException(
            "A database went away in the midst of it. The old one is as it was, the new one is not used by any gateway: type "
            "the same command again."
        ) from None
    except CallgateError as error:
        raise click.ClickException(error.message) from None
    finally:
        database.close()


def _address(written: str) -> str:
    if not written.startswith(FROM_FILE):
        return own_database_url(own_folder(), written)
    try:
        with Path(written.removeprefix(FROM_FILE)).open(encoding="utf-8") as file:
            return own_database_url(own_folder(), file.read(LONGEST_ADDRESS).strip())
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{written} cannot be read ({error.__class__.__name__}).") from None


def _name(database: Database) -> str:
    """Return an address without what is secret in it."""
    return database.engine.url.set(query={}).render_as_string(hide_password=True)
