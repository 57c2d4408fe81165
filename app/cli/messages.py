"""`flask messages`: sending one from a terminal, and what became of those that were sent."""

from __future__ import annotations

import json
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.visible import visible, visible_line
from app.pipeline.operators.messages import (
    Resend,
    list_messages_page,
    resend_message,
    show_message,
    stop_sending,
    wait_for_end,
)
from app.pipeline.operators.sent_messages import ask_what_became, recall_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.sending.media import MOST_BYTES, UploadWish, upload_medium
from app.pipeline.sending.wanted import APP, KINDS
from app.pipeline.services import Services
from app.telemetry.logging import only_warnings

ACTOR = "terminal"
WAIT_SECONDS = 15.0

SEND_OPTIONS = (
    click.argument("channel"),
    click.option(
        "--to", multiple=True, help="A recipient, as KIND:VALUE (user_id:u1, app:crm); may be repeated."
    ),
    click.option("--title", help="The title."),
    click.option("--text", help="The text; Markdown unless --format says otherwise."),
    click.option("--format", "format_", help="markdown, text or html."),
    click.option(
        "--mention", "mentions", multiple=True, help="Whom to mention: an id or @all; may be repeated."
    ),
    click.option("--type", "type_", help="A type in the platform's own words, with --content."),
    click.option("--content", help="Its content, a JSON object."),
    click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the result."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


def messages_group(services: Services) -> click.Group:
    """Return `flask messages`."""

    @click.group("messages")
    def group() -> None:
        """Messages: sending one, and what became of it."""

    _add_looks(group, services)
    _add_send(group, services)
    _add_changes(group, services)
    _add_upload(group, services)
    return group


def _add_looks(group: click.Group, services: Services) -> None:
    @group.command("list")
    @click.option("--channel", help="Only those to this channel.")
    @click.option("--state", help="Only this state.")
    @list_options(limit=20, time="asked for")
    def list_all(*, wish: Wish, **wanted: str | None) -> None:
        """List messages, newest first."""
        wanted["since"] = wish.since_text
        given = {name: value for name, value in wanted.items() if value}
        page = _asked(lambda: list_messages_page(services, given, cursor=None, limit=wish.limit))
        print_list(page["items"], wish, line=_line, nothing="No messages.")

    @group.command("show")
    @click.argument("message_id")
    @click.option(
        "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many recipients."
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def show(message_id: str, limit: int, as_json: bool) -> None:
        """Show one message with its channels and recipients."""
        message = _asked(lambda: show_message(services, message_id, limit=limit))
        _print_json(message) if as_json else _print_message(message)


def _line(item: dict[str, Any]) -> str:
    channels = ", ".join(each["channel"] for each in item["channels"])
    return f"{item['created_at']}  {item['id']}  {item['state']:<8}{channels}"


def _add_send(group: click.Group, services: Services) -> None:
    def send(**given: Any) -> None:
        """Send a message to a channel or message group; a gateway must be running. Exit 1 when nobody was reached."""
        accepted = _asked(lambda: accept_message(services, _body(given), Order(ACTOR)))
        has_ended = given["wait"] and wait_for_end(services, accepted.id, seconds=WAIT_SECONDS)
        message = _asked(lambda: show_message(services, accepted.id))
        if given["as_json"]:
            _print_json(message)
        else:
            _print_message(message)
            if given["wait"] and not has_ended:
                click.echo(
                    "It is stored and goes out as soon as a gateway (flask serve or flask worker) takes it."
                )
        if message["state"] in ("failed", "dead"):
            raise click.exceptions.Exit(1)

    for option in reversed(SEND_OPTIONS):
        send = option(send)
    group.command("send")(send)


def _body(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a request to the API would say."""
    body: dict[str, Any] = {
        "channel": given["channel"],
        "to": [_recipient(each) for each in given["to"]] or None,
        "title": given["title"],
        "text": given["text"],
        "format": given["format_"],
        "mentions": list(given["mentions"]) or None,
        "type": given["type_"],
        "content": _content(given["content"]),
    }
    return {name: value for name, value in body.items() if value is not None}


def _recipient(text: str) -> dict[str, str]:
    kind, colon, value = text.partition(":")
    if kind not in (*KINDS, APP) or not (colon or kind == "robot"):
        raise click.UsageError(f"--to is KIND:VALUE, where KIND is one of {', '.join((*KINDS, APP))}.")
    return {kind: value}


def _content(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise click.UsageError("--content must be a JSON object.") from None


def _add_changes(group: click.Group, services: Services) -> None:
    @group.command("resend")
    @click.argument("message_id")
    @click.option("--unknown", is_flag=True, help="Also what may have arrived.")
    @click.option("--all", "everything", is_flag=True, help="Everything, also what arrived.")
    def resend(message_id: str, unknown: bool, everything: bool) -> None:
        """Send again what failed of a message."""
        what = Resend(everything=everything, unknown=unknown)
        done = _asked(lambda: resend_message(services, message_id, what, actor=ACTOR))
        click.echo(f"{done['recipients']} recipients of {message_id} are sent to again.")

    @group.command("stop")
    @click.argument("message_id")
    def stop(message_id: str) -> None:
        """Send no more of a message; who was reached stays reached."""
        _asked(lambda: stop_sending(services, message_id, actor=ACTOR))
        click.echo(f"{message_id} goes no further.")

    _add_afterwards(group, services)


def _add_afterwards(group: click.Group, services: Services) -> None:
    @group.command("recall")
    @click.argument("message_id")
    def recall(message_id: str) -> None:
        """Take a message back from everybody who got it, where the platform does that. Exit 1 when somebody still has it."""
        _print_afterwards(_asked(lambda: recall_message(services, message_id, actor=ACTOR)))

    @group.command("check")
    @click.argument("message_id")
    def check(message_id: str) -> None:
        """Ask the platforms what became of what they took without a word."""
        _print_afterwards(_asked(lambda: ask_what_became(services, message_id, actor=ACTOR)))


def _add_upload(group: click.Group, services: Services) -> None:
    @group.command("upload")
    @click.argument("channel")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--kind", default="", help="image, voice, video or file; from the file's name unless set.")
    @click.option("--to", default="", help="The kind of recipient it is for (robot, user_id).")
    @click.option(
        "--account", default="", help="Whose file it is, where a channel speaks for several accounts."
    )
    def upload(channel: str, file: Path, **asked: str) -> None:
        """Hand a file to a channel's platform and print the id that a message names (--type image --content …)."""
        if file.stat().st_size > MOST_BYTES:
            raise click.ClickException(f"The file has more than {MOST_BYTES:,} bytes.")
        media_type = guess_type(file.name)[0] or ""
        wish = UploadWish(file.name, media_type, file.read_bytes(), **asked)
        _print_json(_asked(lambda: upload_medium(services, channel, wish)))


def _print_afterwards(told: dict[str, Any]) -> None:
    counts = {name: value for name, value in told.items() if isinstance(value, int) and value}
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()) or "Nobody.")
    if told["message"]:
        click.echo(visible_line(told["message"]))
    if told["left"] or told["refused"]:
        raise click.exceptions.Exit(1)


def _asked(question: Any) -> Any:
    try:
        with only_warnings():
            return question()
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _print_json(value: Any) -> None:
    click.echo(visible(json.dumps(value, indent=2, ensure_ascii=False)))


def _print_message(message: dict[str, Any]) -> None:
    click.echo(f"{message['id']}  {message['state']}")
    for each in message["channels"]:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(each["counts"].items()))
        click.echo(f"  {each['channel']:<20}{each['state']:<9}{counts}")
        if each["message"]:
            until = f" (until {each['waits_until']})" if each["waits_until"] else ""
            click.echo(f"  {'':<20}{visible_line(each['message'])}{until}")
    for each in message["recipients"]:
        to = " ".join(f"{kind} {value}".strip() for kind, value in each["to"].items())
        said = f"  {visible_line(each['message'])}" if each["message"] else ""
        click.echo(f"    {visible_line(to)}, part {each['part']}: {each['state']}{said}")
