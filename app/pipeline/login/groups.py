"""Login groups: several channels that a person sees as one login; the browser decides which of them it is.

Which browser fits which login is the platform's knowledge (app.core.login_choice); no name of a platform stands here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.config.login_groups import LoginGroupConfig
from app.config.settings import Settings
from app.core.login_choice import BrowserFit, UnionLogin
from app.core.ports import DirectLogin, LoginProvider
from app.pipeline.channels import LOGIN, Channel, Channels
from app.pipeline.overrides import is_switched_off
from app.pipeline.services import Services

MAX_USER_AGENT = 512


@dataclass(frozen=True, slots=True)
class OfferedLogin:
    """One login as a person is offered it: a channel, or a group of them."""

    name: str
    """The segment of `/oauth/<name>/start`."""
    title: str
    channels: tuple[str, ...]


def channel_to_start(services: Services, name: str, user_agent: str) -> str:
    """Return the channel that a login under this name starts at: a group's by the browser, else the name itself.

    Channels that are off are left out. Where none fits the browser the first one is taken: its platform then tells the
    person where its page works. A group without any channel that works is like a channel that does not exist.
    """
    group = _group_called(services, name)
    if group is None:
        return name
    members = _on(services, _members(services.channels, group))
    fitting = (channel for channel in members if _fits(channel, user_agent[:MAX_USER_AGENT]))
    chosen = next(fitting, members[0] if members else None)
    return name if chosen is None else chosen.name


def offered_logins(services: Services) -> list[OfferedLogin]:
    """Return every login once: a group stands where the first of its channels would."""
    offered: dict[str, OfferedLogin] = {}
    for channel in services.channels:
        if channel.as_capability(LoginProvider) is None or is_switched_off(services, channel.name):
            continue
        group = _group_of(services.login_groups, channel.name)
        if group is None:
            offered[channel.name] = OfferedLogin(channel.name, channel.title, (channel.name,))
        elif group.name not in offered:
            members = _on(services, _members(services.channels, group))
            title = group.title or members[0].title
            offered[group.name] = OfferedLogin(group.name, title, tuple(each.name for each in members))
    return list(offered.values())


def fitting_logins(services: Services, user_agent: str) -> list[OfferedLogin]:
    """Return the offered logins of which at least one channel works in a browser; all of them where none does."""
    offered, agent = offered_logins(services), user_agent[:MAX_USER_AGENT]
    found = [
        login
        for login in offered
        if any(
            (channel := services.channels.get(name)) is not None and _fits(channel, agent)
            for name in login.channels
        )
    ]
    return found or offered


def only_logins(services: Services, user_agent: str, names: Collection[str]) -> list[OfferedLogin]:
    """Return the fitting logins of these channels and groups; of a group that is not named itself, its named channels alone."""
    found: list[OfferedLogin] = []
    for login in fitting_logins(services, user_agent):
        if login.name in names:
            found.append(login)
        else:
            own = (services.channels.get(each) for each in login.channels if each in names)
            found += [OfferedLogin(each.name, each.title, (each.name,)) for each in own if each is not None]
    return found


def is_login_of(services: Services, channel: str, names: Collection[str]) -> bool:
    """Say whether a channel is one of these channels and groups."""
    groups = (each for each in services.login_groups if each.name in names)
    return channel in names or any(channel in each.channels for each in groups)


def start_url(settings: Settings, login: OfferedLogin) -> str:
    """Return the address where people start a login."""
    return f"{settings.public_base_url}/oauth/{login.name}/start"


def same_union(services: Services, channel: str) -> tuple[str, ...]:
    """Return the channels whose union ids mean the same people as this one's, itself included; empty without a group."""
    group = _group_of(services.login_groups, channel)
    issuer = _union_issuer(services.channels.get(channel))
    if group is None or issuer is None:
        return ()
    return tuple(name for name in group.channels if _union_issuer(services.channels.get(name)) == issuer)


def group_faults(groups: Sequence[LoginGroupConfig], channels: Channels) -> list[str]:
    """Return what is wrong with the groups of a channels file, a sentence each."""
    faults = [
        f"[[login_groups]] {group.name!r} {what}" for group in groups for what in _faults_of(group, channels)
    ]
    return faults + _taken_twice(groups)


def _taken_twice(groups: Sequence[LoginGroupConfig]) -> list[str]:
    first = {name: group.name for group in reversed(groups) for name in group.channels}
    return [
        f"[[login_groups]] {group.name!r} names the channel {name!r}, which is in {first[name]!r} already."
        for group in groups
        for name in group.channels
        if first[name] != group.name
    ]


def _faults_of(group: LoginGroupConfig, channels: Channels) -> Iterable[str]:
    if channels.is_configured(group.name) and group.name not in group.channels:
        yield "has the name of a channel that is not in it; its addresses would be that channel's."
    for name in group.channels:
        channel = channels.get(name)
        if not channels.is_configured(name):
            yield f"names the channel {name!r}, which is not in the channels file."
        elif channel is not None and not (_logs_in(channel) or LOGIN in channel.off):
            yield f"names the channel {name!r}, whose platform ({channel.spec.slug}) logs nobody in."


def _logs_in(channel: Channel) -> bool:
    return any(channel.as_capability(port) is not None for port in (LoginProvider, DirectLogin))


def _fits(channel: Channel, user_agent: str) -> bool:
    choosy = channel.as_capability(BrowserFit)
    return choosy is None or choosy.fits(user_agent)


def _members(channels: Channels, group: LoginGroupConfig) -> list[Channel]:
    """Return the channels of a group that have a login page and are on, in the group's order."""
    found = (channels.get(name) for name in group.channels)
    return [each for each in found if each is not None and each.as_capability(LoginProvider) is not None]


def _on(services: Services, members: Iterable[Channel]) -> list[Channel]:
    return [each for each in members if not is_switched_off(services, each.name)]


def _union_issuer(channel: Channel | None) -> str | None:
    tells = None if channel is None else channel.as_capability(UnionLogin)
    return None if tells is None else tells.union_issuer


def _group_called(services: Services, name: str) -> LoginGroupConfig | None:
    return next((group for group in services.login_groups if group.name == name), None)


def _group_of(groups: Iterable[LoginGroupConfig], channel: str) -> LoginGroupConfig | None:
    return next((group for group in groups if channel in group.channels), None)
