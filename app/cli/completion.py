"""`flask completion`: what bash or zsh needs to complete our commands. It is written out once, so that a TAB starts no program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from app.cli.groups import every_command

WORDS_BY_PLACE = """\
_callgate_words() {
  case "$1" in
%s
  esac
}
"""
BASH = """\
# Completion of Callgate's commands for bash. Write into ~/.bashrc:  source <(flask completion bash)
%s
_callgate() {
  local place="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    [[ -n "$(_callgate_words "${place:+$place }$word")" ]] && place="${place:+$place }$word"
  done
  COMPREPLY=($(compgen -W "$(_callgate_words "$place")" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _callgate flask
"""
ZSH = """\
# Completion of Callgate's commands for zsh. Write into ~/.zshrc, below compinit:  source <(flask completion zsh)
%s
_callgate() {
  local place="" word
  for word in "${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    [[ -n "$(_callgate_words "${place:+$place }$word")" ]] && place="${place:+$place }$word"
  done
  compadd -- ${=$(_callgate_words "$place")}
}
compdef _callgate flask
"""
SHELLS = {"bash": BASH, "zsh": ZSH}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion_command(shell: str) -> None:
    """Print the script with which a shell completes these commands."""
    click.echo(SHELLS[shell] % _words_function(), nl=False)


def _words_function() -> str:
    lines = [f'    "{place}") echo "{" ".join(words)}" ;;' for place, words in _words_by_place().items()]
    return WORDS_BY_PLACE % "\n".join(lines)


def _words_by_place() -> Mapping[str, list[str]]:
    """Return what may be typed behind each command, by the words so far."""
    commands = dict(every_command())
    return {"": [*sorted(commands), "--help"], **dict(_below("", commands))}


def _below(place: str, commands: Mapping[str, click.Command]) -> Iterator[tuple[str, list[str]]]:
    for name, command in sorted(commands.items()):
        here = f"{place} {name}".strip()
        own = sorted(command.commands) if isinstance(command, click.Group) else []
        yield here, own + _choices(command) + _options(command)
        if isinstance(command, click.Group):
            yield from _below(here, command.commands)


def _choices(command: click.Command) -> list[str]:
    """Return the words of which an argument must be one."""
    kinds = [param.type for param in command.params if isinstance(param, click.Argument)]
    return [str(word) for kind in kinds if isinstance(kind, click.Choice) for word in kind.choices]


def _options(command: click.Command) -> list[str]:
    long = [word for param in command.params for word in (*param.opts, *param.secondary_opts)]
    return [*sorted(word for word in long if word.startswith("--")), "--help"]
