"""What `flask channels check` and `POST /api/v1/channels/<name>/check` find out: are a channel's keys complete, and does the platform take them?

Reads the configuration and, unless told to stay offline, asks each platform that gives app tokens for one, and each login
server that names its own addresses for them. A platform is asked without force, so the token that is in use stays good;
what comes back is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from app.config.settings import Settings
from app.core.errors import RefusedError, UpstreamError, UpstreamUnavailable
from app.pipeline.channels import Channel, Channels, DisabledChannel, ask_platform, unsafe_about
from app.pipeline.operators.channels import CAPABILITIES
from app.pipeline.operators.doctor.channel import is_simulated, questions
from app.pipeline.services import Services

State = Literal["ok", "off", "wrong"]
Question = Callable[[], Any]
Ask = Callable[[Channel, Question], tuple[State, str]]
"""Asks a channel's platform something: how the channel stands after that, and the result in words."""


class Checked(NamedTuple):
    """One channel, how it stands, and what to know about it, a sentence each."""

    name: str
    platform: str
    state: State
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {
            "channel": self.name,
            "platform": self.platform,
            "state": self.state,
            "sentences": list(self.sentences),
        }


def check_channels(channels: Channels, ask: Ask) -> Iterator[Checked]:
    """Yield every channel as soon as it has been looked at; `ask` is how its platform is asked."""
    for channel in channels:
        yield _check_enabled(channel, ask)
    for disabled in channels.disabled:
        yield _check_disabled(disabled)


def check_now(services: Services, name: str) -> Checked:
    """Look at one channel and ask its platform; raises RefusedError 404 for one that is not in the file."""
    (checked,) = check_channels(only(services.channels, name), asking_platforms(services.settings))
    return checked


def only(channels: Channels, name: str) -> Channels:
    """Return the channel of that name alone; raises RefusedError 404."""
    one = Channels(
        [channel for channel in channels if channel.name == name],
        [disabled for disabled in channels.disabled if disabled.config.name == name],
    )
    if not [*one, *one.disabled]:
        raise RefusedError(
            "unknown_channel",
            f"There is no channel {name[:64]!r}; see `flask channels list`.",
            http_status=404,
        )
    return one


def _check_enabled(channel: Channel, ask: Ask) -> Checked:
    able = [name for name, port in CAPABILITIES.items() if channel.as_capability(port) is not None]
    off = [f"off: {name}: {reason}" for name, reason in channel.off.items()]
    unset = [reason] if (reason := channel.config.disabled_reason) else []
    sentences = [f"can {', '.join(able)}", *off, *unset, *unsafe_about(channel)]
    state: State = "ok"
    for name, question in questions(channel):
        answered, sentence = ask(channel, question)
        state = "wrong" if "wrong" in (state, answered) else "ok"
        sentences.append(f"{name}: {sentence}")
    return Checked(channel.name, channel.spec.slug, state, tuple(sentences))


def _check_disabled(disabled: DisabledChannel) -> Checked:
    """Tell a channel that nobody set up from one that was begun: some of its values are there and others are not."""
    config = disabled.config
    is_begun = config.enabled and bool(config.set_variables)
    sentences = [disabled.reason]
    if is_begun:
        sentences.append(f"begun: {', '.join(config.set_variables)}; set the rest too, or none of them")
    return Checked(config.name, config.platform, "wrong" if is_begun else "off", tuple(sentences))


def stay_offline(_channel: Channel, _question: Question) -> tuple[State, str]:
    """Ask nobody."""
    return "ok", "not tried"


def asking_platforms(settings: Settings) -> Ask:
    """Return how to ask platforms. A simulator that is not running says nothing about the keys."""

    def ask(channel: Channel, question: Question) -> tuple[State, str]:
        try:
            ask_platform(question)
        except UpstreamUnavailable as error:
            if is_simulated(settings, channel):
                return "ok", "not tried, the simulator does not answer (make run starts it)"
            return "wrong", f"the platform cannot be reached. {error.message}"
        except UpstreamError as error:
            number = f" ({error.platform_code})" if error.platform_code else ""
            return "wrong", f"refused. {error.message}{number}"
        return "ok", "the platform gave one"

    return ask
