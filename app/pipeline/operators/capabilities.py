"""What operators can do, once for the API, the terminal and the console; a test holds it against all three.

Whoever adds a route below /api/v1, a command or a page of the console adds it here too, with a sentence where one of the
three lacks it on purpose. Nothing is decided here; who may do what is each door's own business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """Who may do something in the console, the least first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Capability(NamedTuple):
    """One thing that can be done: as a request, as a command behind `flask`, on a page; `without` says why one is missing."""

    name: str
    api: str | None
    command: str | None
    page: str | None
    least_role: Role = Role.VIEWER
    without: str = ""


PROGRAMS = "A program's own call, with a secret in its answer or its address; people have no use for it."
MACHINE = "Belongs to the machine the gateway runs on."
PEOPLES = "A person's own business, with their session."
ONE_BY_ONE = "The terminal checks several, with `flask channels check`."
CONSOLE_PEOPLE = "Who may open the console is no program's business."
NO_PAGE_OF_CLIENTS = (
    "Clients stand in the channels file, or come from a program; people see theirs at /me/apps."
)
READ_OFF = "The catalogue is read in the terminal and in the docs."

VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN

CAPABILITIES: tuple[Capability, ...] = (
    # Events and what hangs on them.
    Capability("list events", "GET /api/v1/events", "events list", "events"),
    Capability("show an event", "GET /api/v1/events/<event_id>", "events show", "event"),
    Capability("prove an event again", "GET /api/v1/events/<event_id>/verify", "events verify", "event"),
    Capability("write an event as curl", "GET /api/v1/events/<event_id>/curl", "events curl", "event"),
    Capability(
        "replay an event", "POST /api/v1/events/<event_id>/replay", "events replay", "event", OPERATOR
    ),
    Capability("replay many events", "POST /api/v1/events/replay", "events replay", "dead_letters", OPERATOR),
    Capability(
        "confirm an event",
        None,
        "events confirm",
        "event",
        OPERATOR,
        "Done once, while a platform is set up.",
    ),
    Capability("list dispatches", "GET /api/v1/dispatches", "dispatches list", "dispatches"),
    Capability("list dead letters", "GET /api/v1/dead-letters", "dead-letters list", "dead_letters"),
    Capability("show a dead letter", "GET /api/v1/events/<event_id>", "dead-letters show", "event"),
    Capability(
        "replay dead letters", "POST /api/v1/events/replay", "dead-letters replay", "dead_letters", OPERATOR
    ),
    Capability("list what was refused", "GET /api/v1/rejections", "rejections list", "rejections"),
    Capability(
        "show what was refused", "GET /api/v1/rejections/<rejection_id>", "rejections show", "rejections"
    ),
    Capability(
        "follow what happens",
        "GET /api/v1/stream",
        None,
        "live",
        VIEWER,
        "A terminal asks again with --since.",
    ),
    # Where events come from and go to.
    Capability("list channels", "GET /api/v1/channels", "channels list", "channels"),
    Capability(
        "check channels",
        None,
        "channels check",
        "channel",
        OPERATOR,
        "Asks the platforms; takes as long as they do.",
    ),
    Capability(
        "print a key for programs",
        None,
        "channels app-key",
        "channel",
        ADMIN,
        "A secret: not for another program.",
    ),
    Capability("list destinations", "GET /api/v1/destinations", "destinations list", "destinations"),
    Capability(
        "pause a destination",
        "POST /api/v1/destinations/<name>/pause",
        "destinations pause",
        "destinations",
        OPERATOR,
    ),
    Capability(
        "resume a destination",
        "POST /api/v1/destinations/<name>/resume",
        "destinations resume",
        "destinations",
        OPERATOR,
    ),
    Capability(
        "test a destination",
        "POST /api/v1/destinations/<name>/test",
        "destinations test",
        "destinations",
        OPERATOR,
    ),
    Capability("list sources", "GET /api/v1/sources", "sources list", "sources"),
    Capability("show a source", "GET /api/v1/sources/<slug>", "sources show", "source"),
    Capability(
        "try a recorded request", "POST /api/v1/sources/<slug>/try", "sources try", "source", OPERATOR
    ),
    Capability(
        "check a description", None, "sources check", None, VIEWER, "Reads a file where it is written."
    ),
    Capability("list login presets", None, "presets list", None, VIEWER, READ_OFF),
    Capability("show a login preset", None, "presets show", None, VIEWER, READ_OFF),
    # Messages.
    Capability("send a message", "POST /api/v1/messages", "messages send", "messages", OPERATOR),
    Capability("list messages", "GET /api/v1/messages", "messages list", "messages"),
    Capability("show a message", "GET /api/v1/messages/<message_id>", "messages show", "message"),
    Capability(
        "send a message again",
        "POST /api/v1/messages/<message_id>/resend",
        "messages resend",
        "message",
        OPERATOR,
    ),
    Capability(
        "stop a message", "POST /api/v1/messages/<message_id>/stop", "messages stop", "message", OPERATOR
    ),
    Capability("list notifications", "GET /api/v1/notifications", "notifications list", "notifications"),
    Capability(
        "preview a notification",
        "POST /api/v1/notifications/<name>/preview",
        "notifications preview",
        "notifications",
    ),
    Capability(
        "test a notification",
        None,
        "notifications test",
        "notifications",
        OPERATOR,
        "A program sends a message instead.",
    ),
    # Payments, bindings, people.
    Capability(
        "expect a payment", "POST /api/v1/expected-payments", "payments expect", None, OPERATOR, PROGRAMS
    ),
    Capability("list expected payments", "GET /api/v1/expected-payments", "payments list", "payments"),
    Capability(
        "show an expected payment",
        "GET /api/v1/expected-payments/<channel>/<path:order>",
        None,
        "payments",
        VIEWER,
        "The list has all there is to know.",
    ),
    Capability(
        "make a bind code",
        "POST /api/v1/bindcodes",
        None,
        "bind_codes",
        OPERATOR,
        "Needs a picture of a QR code.",
    ),
    Capability(
        "show a bind code",
        "GET /api/v1/bindcodes/<code>",
        None,
        "bind_code",
        VIEWER,
        "Needs a picture of a QR code.",
    ),
    Capability(
        "list OpenIDs", "GET /api/v1/openids", None, "bind_codes", VIEWER, "As long as an app has people."
    ),
    Capability(
        "take an OpenID out",
        "DELETE /api/v1/openids/<app>/<path:open_id>",
        None,
        "bind_codes",
        OPERATOR,
        "A sibling's business.",
    ),
    Capability("list people", "GET /api/v1/people", "people list", "identities"),
    Capability("show a person", "GET /api/v1/people/<user_id>", "people show", "person"),
    Capability(
        "disable a person", "POST /api/v1/people/<user_id>/disable", "people disable", "person", OPERATOR
    ),
    Capability(
        "enable a person", "POST /api/v1/people/<user_id>/enable", "people enable", "person", OPERATOR
    ),
    Capability(
        "take an identity away",
        "DELETE /api/v1/people/<user_id>/identities/<identity_id>",
        "people unlink",
        "person",
        OPERATOR,
    ),
    Capability(
        "end a person's sessions",
        "DELETE /api/v1/people/<user_id>/sessions",
        "people end-sessions",
        "person",
        OPERATOR,
    ),
    Capability(
        "end one session",
        "DELETE /api/v1/people/<user_id>/sessions/<session_id>",
        None,
        "person",
        OPERATOR,
        "The terminal ends all of them.",
    ),
    Capability(
        "hand out a person's data", "GET /api/v1/people/<user_id>/export", "people export", "person", ADMIN
    ),
    Capability("erase a person", "POST /api/v1/people/<user_id>/erase", "people erase", "person", ADMIN),
    # Tokens, keys, bans, the audit.
    Capability("list app tokens", "GET /api/v1/tokens", "tokens list", "app_tokens"),
    Capability(
        "refresh an app token",
        "POST /api/v1/tokens/<channel>/refresh",
        "tokens refresh",
        "app_tokens",
        OPERATOR,
    ),
    Capability("lend an app token", "GET /api/v1/tokens/<channel>", None, None, ADMIN, PROGRAMS),
    Capability(
        "lend a person's token", "POST /api/v1/identities/<identity_id>/token", None, None, ADMIN, PROGRAMS
    ),
    Capability("sign a page", "POST /api/v1/js-signature/<channel>", None, None, ADMIN, PROGRAMS),
    Capability(
        "list authorised accounts", "GET /api/v1/authorisations/<channel>", "tokens accounts", "app_tokens"
    ),
    Capability(
        "make a link to authorise",
        "POST /api/v1/authorisations/<channel>",
        "tokens authorise",
        "app_tokens",
        OPERATOR,
    ),
    Capability("list API tokens", "GET /api/v1/api-tokens", "api-tokens list", "api_tokens", ADMIN),
    Capability("make an API token", "POST /api/v1/api-tokens", "api-tokens create", "api_tokens", ADMIN),
    Capability(
        "revoke an API token",
        "DELETE /api/v1/api-tokens/<token_id>",
        "api-tokens revoke",
        "api_tokens",
        ADMIN,
    ),
    Capability("list alarms", "GET /api/v1/alarms", "watch list", "overview"),
    Capability(
        "test the watch",
        None,
        "watch test",
        None,
        OPERATOR,
        "Done once, beside the channels file that says where the watch speaks.",
    ),
    # Systems that log their people in through this gateway.
    Capability("list clients", "GET /api/v1/clients", "clients list", None, VIEWER, NO_PAGE_OF_CLIENTS),
    Capability(
        "register a client", "POST /api/v1/clients", "clients register", None, ADMIN, NO_PAGE_OF_CLIENTS
    ),
    Capability(
        "remove a client",
        "DELETE /api/v1/clients/<client_id>",
        "clients remove",
        None,
        ADMIN,
        NO_PAGE_OF_CLIENTS,
    ),
    Capability("list bans", "GET /api/v1/bans", "bans list", "bans"),
    Capability("lift a ban", "DELETE /api/v1/bans/<path:address>", "bans lift", "bans", OPERATOR),
    Capability("read the audit", "GET /api/v1/audit", "audit list", "audit"),
    Capability("exchange keys", None, "keys rotate", None, ADMIN, MACHINE),
    # Set-up, the watch, figures.
    Capability("show a channel's set-up", "GET /api/v1/channels/<name>/setup", "channels setup", "channel"),
    Capability("watch what arrives", "GET /api/v1/channels/<name>/arrivals", "channels watch", "channel"),
    Capability(
        "check a channel now", "POST /api/v1/channels/<name>/check", None, "channel", OPERATOR, ONE_BY_ONE
    ),
    Capability(
        "switch a channel off",
        "POST /api/v1/channels/<name>/disable",
        "channels disable",
        "channel",
        OPERATOR,
    ),
    Capability(
        "switch a channel on", "POST /api/v1/channels/<name>/enable", "channels enable", "channel", OPERATOR
    ),
    Capability(
        "see what a reload changes", "GET /api/v1/channels/diff", "channels diff", "reload_page", OPERATOR
    ),
    Capability("reload", "POST /api/v1/reload", "reload", "reload_page", OPERATOR),
    Capability("list settings in force", "GET /api/v1/settings", "settings list", "settings", OPERATOR),
    Capability("list what needs a person", "GET /api/v1/alarms", "watch list", "overview"),
    Capability("show traffic", "GET /api/v1/stats", "stats", "overview"),
    Capability(
        "recall a message",
        "POST /api/v1/messages/<message_id>/recall",
        "messages recall",
        "message",
        OPERATOR,
    ),
    Capability(
        "ask what became of it",
        "POST /api/v1/messages/<message_id>/check",
        "messages check",
        "message",
        OPERATOR,
    ),
    Capability("upload a file", "POST /api/v1/media/<channel>", "messages upload", None, OPERATOR, PROGRAMS),
    # People of the console, and applications that log in through this gateway.
    Capability("list console people", None, "users list", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("add console people", None, "users add", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("give a role", None, "users role", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("give a new password", None, "users password", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("remove console people", None, "users remove", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("list console sessions", None, "users sessions", "people", ADMIN, CONSOLE_PEOPLE),
    Capability("end a console session", None, "users end-session", "people", ADMIN, CONSOLE_PEOPLE),
    # The machine, and what is nobody's here.
    Capability("back the store up", None, "db backup", None, ADMIN, MACHINE),
    Capability("bring a backup back", None, "db restore", None, ADMIN, MACHINE),
    Capability("copy the store", None, "db copy", None, ADMIN, MACHINE),
    Capability("look for faults", None, "doctor", None, ADMIN, MACHINE),
    Capability("find a tunnel", None, "tunnel", None, ADMIN, MACHINE),
    Capability("make a secret", None, "secret", None, ADMIN, MACHINE),
    Capability("complete words", None, "completion", None, ADMIN, MACHINE),
    Capability("write own files", None, "init", None, ADMIN, MACHINE),
    Capability("serve", None, "serve", None, ADMIN, MACHINE),
    Capability("run dispatches", None, "worker", None, ADMIN, MACHINE),
    Capability("change the tables", None, "db upgrade", None, ADMIN, MACHINE),
    Capability("change the tables back", None, "db downgrade", None, ADMIN, MACHINE),
    Capability("name the tables' version", None, "db current", None, ADMIN, MACHINE),
    Capability("forget what is old", None, "prune", None, ADMIN, MACHINE),
    Capability("fire samples", None, "sandbox fire", None, OPERATOR, "The simulator's, in development only."),
    Capability("run a command", "POST /api/v1/commands", None, None, ADMIN, PROGRAMS),
    Capability("show a command", "GET /api/v1/commands/<command_id>", None, None, VIEWER, PROGRAMS),
    Capability("say who is logged in", "GET /api/v1/me", None, None, VIEWER, PEOPLES),
    Capability(
        "show one's own identity", "GET /api/v1/me/identities/<identity_id>", None, None, VIEWER, PEOPLES
    ),
    Capability(
        "take one's own identity away",
        "POST /api/v1/me/identities/<identity_id>/unlink",
        None,
        None,
        VIEWER,
        PEOPLES,
    ),
    Capability(
        "end one's other sessions", "POST /api/v1/me/sessions/end-others", None, None, VIEWER, PEOPLES
    ),
    Capability("find where to add money", "POST /api/v1/me/topup", None, None, VIEWER, PEOPLES),
    Capability("renew one's session", "POST /api/v1/session/refresh", None, None, VIEWER, PEOPLES),
    Capability(
        "log in from a Mini Program", "POST /api/v1/mini-program/<channel>/login", None, None, VIEWER, PEOPLES
    ),
    Capability(
        "read a phone number", "POST /api/v1/mini-program/<channel>/phone-number", None, None, VIEWER, PEOPLES
    ),
    Capability(
        "read a person's data", "POST /api/v1/mini-program/<channel>/user-data", None, None, VIEWER, PEOPLES
    ),
)


PAGES_TO_COME: frozenset[str] = frozenset(
    {
        "dispatches", "payments",
    }
)  # fmt: skip
"""Pages of the console that are not there yet; each is the endpoint `console.<page>`. Only ever gets shorter."""
