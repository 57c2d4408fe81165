"""`flask sources`: the catalogue of senders that are described by data, and the check of a description of one's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.cli.lists import MOST, Wish, list_options, print_list
from app.config.home import SOURCES_FOLDER
from app.core.errors import CallgateError, ConfigurationError
from app.pipeline.operators.sources import every_source, find_source, source_line, try_source
from app.pipeline.services import Services
from app.wire.sources.catalogue import Source, read_source
from app.wire.sources.coverage import coverage_of
from app.wire.sources.explaining import Trial
from app.wire.sources.settings import settings_model


def sources_group(services: Services) -> click.Group:
    """Return `flask sources`."""

    @click.group("sources")
    def group() -> None:
        """Senders that are described by data."""

    _add_list(group)

    @group.command("show")
    @click.argument("slug")
    def show(slug: str) -> None:
        """Print one source: the keys of a channel, what is proven, and where the facts come from."""
        _show(_one(slug), services.settings.public_base_url)

    @group.command("check")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def check(file: Path) -> None:
        """Read a description and say which key is at fault and what is allowed there; exit 1 then."""
        source = _read(file)
        click.echo(f"{source.slug} is in order; put the file into {SOURCES_FOLDER}/ beside channels.toml.")

    _add_try(group, services)
    return group


def _add_try(group: click.Group, services: Services) -> None:
    @group.command("try")
    @click.argument("source", metavar="FILE_OR_SLUG")
    @click.option("--request", "recorded", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A request as it stands on the wire.")  # fmt: skip
    @click.option(
        "--set", "keys", multiple=True, help="A key of the channel, such as secret=…; may be repeated."
    )
    @click.option("--at", type=float, help="When it came, in Unix seconds; now where it is left out.")
    def try_one(source: str, recorded: Path, keys: tuple[str, ...], at: float | None) -> None:
        """Judge one recorded request by a description, or by a known source, and show what was signed; exit 1 when it is refused."""
        now = datetime.fromtimestamp(at, UTC) if at is not None else services.clock.now()
        chosen = _read(Path(source)) if Path(source).is_file() else _one(source)
        if not keys:
            click.echo("No --set was given: the made-up keys of [sample.settings] are used.")
        trial = _tried(chosen, recorded.read_bytes(), keys, now, services.settings.public_base_url)
        for sentence in trial.sentences:
            click.echo(sentence)
        if not trial.is_taken:
            raise SystemExit(1)


def _add_list(group: click.Group) -> None:
    @group.command("list")
    @list_options(limit=MOST, time=None)
    def list_sources(*, wish: Wish) -> None:
        """Print every source: slug, name, and whether what is known of it was read somewhere."""
        found = [source_line(source) for source in every_source().values()]
        print_list(found, wish, line=_line, nothing="No sources.")
        if not wish.as_json:
            click.echo(f"{len(found)} sources; `flask sources show SLUG` tells the keys of one.")


def _line(row: dict[str, Any]) -> str:
    sure = "" if row["confidence"] == "source" else "  unconfirmed"
    return f"{row['slug']:<24}{row['kind']:<9}{row['name']} / {row['name_zh']}{sure}"


def _one(slug: str) -> Source:
    try:
        return find_source(slug)
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _show(source: Source, base: str) -> None:
    click.echo(f"{source.slug}: {source.name} / {source.name_zh}")
    lines = {
        "callback URL": f"{base}/webhooks/<channel>",
        "console": source.console,
        "proof": f"{source.signature.kind}, covers {coverage_of(source.signature).value}",
        "event key": source.signature.id,
        "event type": source.signature.type,
        "deadline": f"{source.deadline_s:g} s" if source.deadline_s else "",
        "facts from": f"{source.facts} (read {source.read})" if source.facts else "",
        "confidence": source.confidence,
        "note": source.note,
    }
    for label, text in lines.items():
        if text:
            click.echo(f"    {label:<14}{text}")
    click.echo("    keys of a channel:")
    for name, field in settings_model(source.signature, source.slug).model_fields.items():
        click.echo(f"        {name:<24}{field.description or ''}")


def _read(file: Path) -> Source:
    try:
        return read_source(file.read_text(encoding="utf-8-sig"), file=file.name)
    except ConfigurationError as error:
        raise click.ClickException("\n".join(error.faults)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file.name} cannot be read ({error.__class__.__name__}).") from None


def _tried(source: Source, raw: bytes, keys: tuple[str, ...], now: datetime, base: str) -> Trial:
    try:
        return try_source(source, raw, dict(_pair(each) for each in keys), now=now, base=base)
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.ClickException(f"--set takes name=value; {name!r} has no =.")
    return name, value
