"""`flask doctor`: what is wrong with this gateway, a line each with its cure. It says so too where nothing starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import urlsplit

import click

from app.config.environment import DOTENV, own_folder_or_none, read_environment
from app.core.errors import ConfigurationError
from app.core.visible import visible
from app.pipeline.operators.doctor.configuration import unusable_configuration
from app.pipeline.operators.doctor.examine import Surroundings, examine
from app.pipeline.operators.doctor.finding import Finding, State
from app.serving.used_port import port_holder

MARKS: dict[State, str] = {"ok": "ok", "warn": "warn", "wrong": "WRONG", "not_tried": "-"}
COLOURS: dict[State, str] = {"ok": "green", "warn": "yellow", "wrong": "red", "not_tried": "bright_black"}
TOLD = ("warn", "wrong")
USUAL_PORT = 5003
QUIET = {"LOG_LEVEL": "ERROR"}
"""What the log would say of calls that fail is said by the findings."""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each finding, a line each.")
@click.option("--offline", is_flag=True, help="Ask no platform and do not call the public address.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    help="Where this gateway serves; else as PUBLIC_BASE_URL says, or 5003.",
)
@click.option("--all", "show_all", is_flag=True, help="Also what is in order, for each channel.")
def doctor_command(as_json: bool, offline: bool, port: int | None, show_all: bool) -> None:
    """Find out what is wrong and say the cure; exit 1 when something is."""
    findings = _findings(offline=offline, port=port)
    states = list(_print_json(findings) if as_json else _print_lines(findings, show_all=show_all))
    if not as_json:
        click.echo(_summary(states))
    if "wrong" in states:
        raise SystemExit(1)


def _findings(*, offline: bool, port: int | None) -> Iterator[Finding]:
    """Yield what there is to say; a configuration that cannot be used is a finding, and the end."""
    from app.factory import open_services

    try:
        services = open_services({**read_environment(), **QUIET})
    except ConfigurationError as error:
        home = own_folder_or_none()
        yield from unusable_configuration(
            error.faults, has_file=home is not None and (home / DOTENV).is_file()
        )
        return
    place = port or _served_port(services.settings.public_base_url)
    yield from examine(services, Surroundings(is_offline=offline, port=place, holder_of=port_holder))


def _served_port(public_base_url: str) -> int:
    """Return the port that a gateway of this address usually has: its own where it is this machine's, else the usual one."""
    parts = urlsplit(public_base_url)
    is_here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    return parts.port if is_here and parts.port else USUAL_PORT


def _print_json(findings: Iterable[Finding]) -> Iterator[State]:
    for finding in findings:
        click.echo(json.dumps(finding.as_dict(), ensure_ascii=False))
        yield finding.state


def _print_lines(findings: Iterable[Finding], *, show_all: bool) -> Iterator[State]:
    """Print each finding as it comes; a channel in good order is one line."""
    for channel, group in groupby(findings, key=lambda finding: finding.about):
        kept = []
        for finding in group:
            yield finding.state
            if show_all or not channel:
                click.echo("\n".join(finding_lines(finding)))
            else:
                kept.append(finding)
        shown = [finding for finding in kept if finding.state in TOLD] or kept[:1]
        for finding in shown:
            click.echo("\n".join(finding_lines(finding)))


def finding_lines(finding: Finding) -> Iterable[str]:
    """Return a finding as a terminal shows it: a line, and the cure below it where there is one."""
    mark = click.style(f"{MARKS[finding.state]:<6}", fg=COLOURS[finding.state])
    name = f"{finding.about}: {finding.name}" if finding.about else finding.name
    yield f"{mark}{name:<28}  {visible(finding.told())}"
    if finding.state in ("warn", "wrong") and finding.cure:
        yield f"{'':<36}→ {visible(finding.advice())}"


def _summary(states: list[State]) -> str:
    wrong, warned = states.count("wrong"), states.count("warn")
    if wrong:
        return f"{wrong} to mend, {warned} to look at. docs/troubleshooting.md has a section for each name."
    return f"Nothing is wrong, {warned} to look at." if warned else "Nothing is wrong."
