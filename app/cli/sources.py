"""`flask sources`: the catalogue of senders that are described by data, and the check of a description of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from app import platforms
from app.cli.lists import MOST, Wish, list_options, print_list
from app.config.channels import fault_sentences
from app.config.environment import read_environment
from app.config.home import SOURCES_FOLDER, home_of
from app.core.errors import ConfigurationError
from app.core.values import InboundRequest
from app.pipeline.services import Services
from app.wire.sources.catalogue import Source, read_source
from app.wire.sources.connector import open_source
from app.wire.sources.coverage import coverage_of
from app.wire.sources.explaining import try_request
from app.wire.sources.settings import SourceSettings, settings_model

NEEDED_PARTS = 2
LINE_END = (
    "Without the line end at the end of the request's file it is taken: record the body exactly as it came."
)


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
        found = [_row(source) for source in _every().values()]
        print_list(found, wish, line=_line, nothing="No sources.")
        if not wish.as_json:
            click.echo(f"{len(found)} sources; `flask sources show SLUG` tells the keys of one.")


def _line(row: dict[str, Any]) -> str:
    sure = "" if row["confidence"] == "source" else "  unconfirmed"
    return f"{row['slug']:<24}{row['kind']:<9}{row['name']} / {row['name_zh']}{sure}"


def _every() -> Mapping[str, Source]:
    own = platforms.own_catalogue(home_of(read_environment()) / SOURCES_FOLDER)
    shipped = platforms.catalogue()
    return {slug: source for each in (own, shipped) for slug, source in each.items()}


def _one(slug: str) -> Source:
    found = _every().get(slug.replace("_", "-"))
    if found is None:
        alike = get_close_matches(slug, _every(), n=3)
        guess = f" Do you mean {' or '.join(alike)}?" if alike else ""
        raise click.ClickException(f"There is no source {slug!r}; see `flask sources list`.{guess}")
    return found


def _row(source: Source) -> dict[str, Any]:
    named = ("slug", "name", "name_zh", "region", "confidence")
    return {name: getattr(source, name) for name in named} | {"kind": source.signature.kind}


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


def _tried(source: Source, raw: bytes, keys: tuple[str, ...], now: datetime, base: str) -> Any:
    settings = _settings(source, dict(source.sample.settings) | dict(_pair(each) for each in keys))
    request = _request_of(raw, now)
    channel = request.path.split("/")[2] if request.path.startswith("/webhooks/") else source.slug
    opened = open_source(source.signature, settings, f"{base}/webhooks/{channel}")
    trial = try_request(opened, request, now)
    shorter = request._replace(body=request.body.rstrip(b"\r\n"))
    if not trial.is_taken and shorter.body != request.body and try_request(opened, shorter, now).is_taken:
        return trial._replace(sentences=[*trial.sentences, LINE_END])
    return trial


def _settings(source: Source, given: Mapping[str, Any]) -> SourceSettings:
    model = settings_model(source.signature, source.slug)
    try:
        settings = model.model_validate(given)
    except ValidationError as error:
        known = f"Known keys: {', '.join(model.model_fields)}."
        raise click.ClickException("\n".join([*fault_sentences(error), known])) from None
    if (missing := settings.missing_signature_secret()) is not None:
        raise click.ClickException(f"{missing} is not given; add --set {missing}=…")
    return settings


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.ClickException(f"--set takes name=value; {name!r} has no =.")
    return name, value


def _request_of(raw: bytes, now: datetime) -> InboundRequest:
    """Read a request as it stands on the wire; the lines of its head may end without a carriage return."""
    marks = [(raw.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    at, length = min((each for each in marks if each[0] >= 0), default=(len(raw), 0))
    first, *lines = raw[:at].decode("latin-1").splitlines() or [""]
    words = first.split(" ")
    if len(words) < NEEDED_PARTS:
        raise click.ClickException("A request begins with a line such as `POST /webhooks/shop HTTP/1.1`.")
    path, _, query = words[1].partition("?")
    headers = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return InboundRequest(words[0], path, query, headers, raw[at + length :], "127.0.0.1", now)
