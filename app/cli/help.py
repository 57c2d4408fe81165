"""What `flask --help` prints: our commands by what they are for. Flask's own are left out; they work all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Start": ("init", "serve", "worker", "db", "doctor", "reload"),
    "Set up": ("channels", "presets", "sources", "tunnel", "secret", "settings", "sandbox"),
    "What came in": ("events", "rejections", "dead-letters", "dispatches", "destinations", "payments"),
    "What goes out": ("messages", "notifications"),
    "People and access": ("people", "users", "clients", "api-tokens", "tokens", "bans", "keys"),
    "Upkeep": ("watch", "stats", "audit", "prune", "completion"),
}
"""Each command stands in one; what stands in none is shown last."""

OTHERS = "More"
INTRODUCTION = """\
Usage: flask COMMAND [ARGUMENTS]

  Callgate: the gateway that owns your callback addresses. Run it where its own
  files are (.env, channels.toml), or with CALLGATE_HOME. `flask COMMAND --help`
  says more; all lists take --json, --since and --limit.
"""
TAKES_A_VALUE = ("-A", "--app", "-e", "--env-file")
HELP = ("--help",)


def help_text(commands: Mapping[str, str]) -> str:
    """Return the whole help; `commands` are all of them, each with its sentence."""
    width = max(map(len, commands))
    return "\n".join([INTRODUCTION, *_sections(commands, width)])


def _sections(commands: Mapping[str, str], width: int) -> Iterator[str]:
    placed = {name for names in SECTIONS.values() for name in names}
    others = tuple(sorted(commands.keys() - placed))
    for title, names in {**SECTIONS, OTHERS: others}.items():
        lines = [f"  {name:<{width}}  {commands[name]}" for name in names if name in commands]
        if lines:
            yield "\n".join([f"{title}:", *lines, ""])


def asks_for_help(words: Sequence[str]) -> bool:
    """Say whether somebody typed `flask` or `flask --help`, with options of Flask's in front perhaps."""
    rest = iter(words)
    for word in rest:
        if word in TAKES_A_VALUE:
            next(rest, None)
        elif word in HELP:
            return True
        elif not word.startswith("-") or word == "--version":
            return False
    return True


def meant(word: str, names: Iterable[str]) -> str:
    """Return a sentence with the names that are like a word; empty where none is."""
    near = get_close_matches(word, list(names), n=3, cutoff=0.6)
    return f" Do you mean {' or '.join(near)}?" if near else ""
