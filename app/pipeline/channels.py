"""Channels: the configured accounts, each opened once with its platform's typed settings, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, cast

import structlog
from pydantic import ValidationError

from app.config.channels import ChannelConfig, fault_sentences
from app.config.platform_settings import (
    MIN_CHANNEL_SECRET,
    PlatformSettings,
    configured_secrets,
    weak_secret_keys,
)
from app.config.samples import CURE, sample_faults
from app.config.settings import Settings
from app.core.address_ports import SubAddresses
from app.core.errors import CallgateError, ConfigurationError, RefusedError, UpstreamError
from app.core.mail import MailClient
from app.core.ports import (
    AppTokenSource,
    BindSource,
    DirectLogin,
    DiscoveringLogin,
    HttpClient,
    LoginProvider,
    PlatformSpec,
    WebhookSource,
)
from app.core.relay import RelaySource
from app.core.sending import Sender
from app.core.values import Coverage
from app.security.addresses import Network, parse_networks
from app.security.found_keys import FoundKeys
from app.security.mail_client import SmtpClient
from app.security.outbound import OutboundClient, configured_origins
from app.security.public_addresses import AddressGuard
from app.security.relay_client import RelayClient

C = TypeVar("C")
T = TypeVar("T")

INBOUND, LOGIN = "inbound", "login"
MOST_NAMED = 30
"""Platforms that fit into a sentence."""

NEED_CALLBACKS: tuple[type, ...] = (WebhookSource, BindSource)
"""What ends with callbacks: a bind code comes back in one."""

NEED_NO_CALLBACKS: tuple[type, ...] = (LoginProvider, DirectLogin, AppTokenSource, Sender)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """One enabled channel; `connector` implements what its platform can do (app.core.ports).

    `off` says why a capability of its platform is not offered here; `weak_keys` names those with a secret that is none.
    """

    config: ChannelConfig
    spec: PlatformSpec
    connector: object
    http: HttpClient
    allowed_networks: tuple[Network, ...]
    denied_networks: tuple[Network, ...]
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    found_keys: FoundKeys = field(default_factory=FoundKeys, repr=False, compare=False)
    off: Mapping[str, str] = field(default_factory=dict)
    weak_keys: tuple[str, ...] = ()
    mail: MailClient = field(default_factory=SmtpClient, repr=False, compare=False)
    relay: RelayClient | None = None
    """The way out of calls that siblings make through this channel; None where its platform has no such thing."""
    _offers: dict[type, bool] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The URL segment."""
        return self.config.name

    def as_capability(self, capability: type[C]) -> C | None:
        """Return the connector as that protocol, None when it does not offer it; asked once, since asking is slow."""
        offers = self._offers.get(capability)
        if offers is None:
            is_off = capability in NEED_CALLBACKS and INBOUND in self.off
            offers = self._offers[capability] = not is_off and isinstance(self.connector, capability)
        return cast("C", self.connector) if offers else None

    @property
    def title(self) -> str:
        """What people read on buttons."""
        return self.config.title or getattr(self.connector, "shown_name", "") or self.spec.display_name

    @property
    def rejects_unknown_events(self) -> bool:
        """Whether an event no route takes is refused instead of stored as ignored."""
        return (self.config.unknown_events or self.spec.unknown_events) == "reject"

    @property
    def yields_under_pressure(self) -> bool:
        """Whether new events are refused while the gateway is over a limit: unless set, where the platform sends again."""
        if self.config.under_pressure is not None:
            return self.config.under_pressure == "reject"
        source = self.as_capability(WebhookSource)
        return source is not None and source.retries_failed_answers


@dataclass(frozen=True, slots=True)
class DisabledChannel:
    """A channel that takes no part, and why."""

    config: ChannelConfig
    reason: str
    spec: PlatformSpec | None = None


class Channels:
    """Every channel of the file, by name."""

    def __init__(self, enabled: Iterable[Channel], disabled: Iterable[DisabledChannel] = ()):
        self._enabled = {channel.name: channel for channel in enabled}
        self.disabled = tuple(disabled)

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._enabled.values())

    def get(self, name: str) -> Channel | None:
        """Return an enabled channel."""
        return self._enabled.get(name)

    def is_configured(self, name: str) -> bool:
        """Say whether the file has a channel of that name, enabled or not."""
        return name in self._enabled or any(channel.config.name == name for channel in self.disabled)

    def with_capability(self, name: str, capability: type[C]) -> tuple[Channel, C]:
        """Return a channel and its connector as that capability; an unknown, disabled or incapable one is 404."""
        channel = self._enabled.get(name)
        connector = channel.as_capability(capability) if channel is not None else None
        if channel is None or connector is None:
            raise RefusedError(
                "unknown_channel",
                "There is no such channel here; `flask channels list` prints the addresses that exist.",
                http_status=404,
            )
        return channel, connector


def open_channels(
    configs: Iterable[ChannelConfig], platforms: Mapping[str, PlatformSpec], *, ca_bundle: str = ""
) -> tuple[Channels, list[str]]:
    """Open every enabled channel; return them and what prod would refuse about them.

    `ca_bundle` is the file of authorities for channels that name none.

    Raises ConfigurationError with every fault when a table cannot be understood.
    """
    enabled, disabled, faults, warnings = [], [], [], []
    for config in configs:
        spec = platforms.get(config.platform)
        if spec is None:
            faults.append(f"[channels.{config.name}] {_unknown_platform(config.platform, platforms)}")
            continue
        try:
            opened = _open_or_say_why_not(config, spec, ca_bundle)
        except ValidationError as error:
            faults.extend(f"[channels.{config.name}] {sentence}" for sentence in fault_sentences(error))
            continue
        if isinstance(opened, DisabledChannel):
            disabled.append(opened)
            continue
        enabled.append(opened)
        warnings += [f"[channels.{config.name}] {sentence}" for sentence in unsafe_about(opened)]
    if faults:
        raise ConfigurationError(faults)
    return Channels(enabled, disabled), warnings


def _unknown_platform(name: str, platforms: Mapping[str, PlatformSpec]) -> str:
    """Say which platforms there are, or which are called alike where there are too many to read."""
    if len(platforms) <= MOST_NAMED:
        return f"platform {name!r} is unknown; known are {', '.join(sorted(platforms))}."
    alike = get_close_matches(name, platforms, n=5, cutoff=0.5)
    meant = f"; do you mean {', '.join(alike)}?" if alike else ";"
    return f"platform {name!r} is unknown{meant} README.md lists the platforms, `flask sources list` the sources."


def unsafe_about(channel: Channel) -> list[str]:
    """Return what prod refuses about an open channel, a sentence each."""
    found = []
    source = channel.as_capability(WebhookSource)
    if source is not None and source.signature_covers is Coverage.NONE and not channel.config.allow_unsigned:
        found.append(
            "callbacks are taken and nothing proves them; write allow_unsigned = true if that is meant."
        )
    if channel.weak_keys:
        found.append(
            f"{', '.join(channel.weak_keys)}: a placeholder or shorter than {MIN_CHANNEL_SECRET} characters; {CURE}."
        )
    return found + sample_faults(channel.config.options)


def _open_or_say_why_not(
    config: ChannelConfig, spec: PlatformSpec, ca_bundle: str
) -> Channel | DisabledChannel:
    """Open a channel with what its keys allow; raises ValidationError for what is written and wrong."""
    settings: type[PlatformSettings] = spec.settings
    if not config.enabled or config.unset_keys - settings.may_be_empty():
        return DisabledChannel(config, config.disabled_reason or "", spec)
    try:
        channel = _open(config, settings.model_validate(dict(config.options)), spec, ca_bundle)
    except ValidationError as error:
        empty = [_key_at_fault(fault) for fault in error.errors()]
        if config.unset_keys or not empty or any(config.options.get(key) != "" for key in empty):
            if config.disabled_reason is None:
                raise
            return DisabledChannel(config, config.disabled_reason, spec)
        return DisabledChannel(config, f"{', '.join(empty)} is empty in the channels file", spec)
    if INBOUND in channel.off and not any(channel.as_capability(port) for port in NEED_NO_CALLBACKS):
        return DisabledChannel(config, config.disabled_reason or channel.off[INBOUND], spec)
    return channel


def _key_at_fault(fault: Mapping[str, Any]) -> str:
    """Return the key that a fault is about; a sentence about a whole table begins with it."""
    return (
        str(fault["loc"][0]) if fault["loc"] else fault["msg"].removeprefix("Value error, ").split(" ", 1)[0]
    )


def _open(config: ChannelConfig, typed: PlatformSettings, spec: PlatformSpec, ca_bundle: str) -> Channel:
    connector = spec.open(config.name, typed)
    origins: frozenset[str] = getattr(connector, "origins", None) or configured_origins(typed)
    ca_file = config.ca_bundle or ca_bundle or None
    way: dict[str, Any] = {
        "ca_file": ca_file,
        "proxy": config.egress_proxy.get_secret_value(),
        "tells_trace": config.send_traceparent,
    }
    return Channel(
        config=config,
        spec=spec,
        connector=connector,
        http=_client(connector, origins, way),
        allowed_networks=parse_networks(config.ip_allowlist),
        denied_networks=parse_networks(config.ip_denylist),
        secrets=configured_secrets(typed),
        off=_switched_off(config, typed, connector),
        weak_keys=tuple(weak_secret_keys(typed)),
        mail=SmtpClient(ca_file=ca_file),
        relay=RelayClient(origins, **way) if isinstance(connector, RelaySource) else None,
    )


def _client(connector: object, origins: frozenset[str], way: Mapping[str, Any]) -> OutboundClient:
    """Return the way out: to configured origins or, where a server names its own addresses, to public ones."""
    if isinstance(connector, DiscoveringLogin):
        return OutboundClient(guard=AddressGuard(connector.private_hosts), **way)
    return OutboundClient(allowed_origins=origins, **way)


def _switched_off(config: ChannelConfig, typed: PlatformSettings, connector: object) -> dict[str, str]:
    """Return which capabilities are not offered for want of a key, and why."""
    off = {}
    missing = typed.missing_signature_secret()
    if missing and isinstance(connector, WebhookSource) and not config.allow_unsigned:
        off[INBOUND] = (
            f"{missing} is not set, so no callbacks are taken; set it, or write allow_unsigned = true"
        )
    if missing := typed.missing_login_secret():
        off[LOGIN] = f"{missing} is not set, so nobody is logged in"
    return off


def ask_platform(question: Callable[[], T]) -> T:
    """Ask a connector; whatever it raises beside our own errors becomes one: the platform's answer was unusable."""
    try:
        return question()
    except CallgateError:
        raise
    except Exception as error:  # noqa: BLE001 - an answer nobody foresaw must not become a crash
        # The class only: the text may quote the answer, and with it a token.
        log.error("platform_answer_unusable", error=error.__class__.__name__)  # noqa: TRY400
        raise UpstreamError("upstream_bad_answer", "The platform's answer cannot be used.") from None


def channel_path(name: str) -> str:
    """Return the path at which a channel takes callbacks."""
    return f"/webhooks/{name}"


def callback_url(settings: Settings, channel: Channel) -> str | None:
    """Return the address to paste into the platform's console for callbacks."""
    if channel.as_capability(WebhookSource) is None:
        return None
    return f"{settings.public_base_url}{channel_path(channel.name)}"


def accounts_url(settings: Settings, channel: Channel) -> str | None:
    """Return the address to paste where a console wants one for callbacks of many accounts, with its own placeholder."""
    below, own = channel.as_capability(SubAddresses), callback_url(settings, channel)
    return f"{own}/{below.address_template}" if own and below is not None and below.address_template else None


def redirect_uri(settings: Settings, channel: Channel) -> str | None:
    """Return the login redirect address to register at the platform; always built from PUBLIC_BASE_URL."""
    if channel.as_capability(LoginProvider) is None:
        return None
    return f"{settings.public_base_url}/oauth/{channel.name}/callback"


def addresses(settings: Settings, channel: Channel) -> dict[str, str]:
    """Return every address of a channel by what it is for."""
    found: dict[str, Any] = {
        "callback_url": callback_url(settings, channel),
        "accounts_url": accounts_url(settings, channel),
        "redirect_uri": redirect_uri(settings, channel),
    }
    return {name: value for name, value in found.items() if value is not None}
