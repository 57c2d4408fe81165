"""The channels file (CONTRACT §4): TOML with ${VAR} and ${VAR:-default}, checked as far as needs no platform.

What only a platform can judge (its own keys) is judged when the channel is opened, in pipeline/channels.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from app.config.api_tokens import FileToken
from app.config.certificates import Bundle, with_own_files
from app.config.clients import ClientConfig
from app.config.destinations import DestinationConfig
from app.config.domain_files import DomainFiles, clashes, with_own_domain_files
from app.config.egress_proxies import EgressProxy
from app.config.field_paths import checked_path
from app.config.lifetimes import lifetime_seconds
from app.config.login_groups import LoginGroupConfig
from app.config.message_groups import MessageGroupConfig
from app.config.named_values import NamedValues
from app.config.names import is_name
from app.config.notifications import NotificationConfig
from app.config.push_keys import PushKeyConfig
from app.config.rates import checked_burst_rate, checked_rate
from app.config.watch import WatchConfig
from app.core.errors import ConfigurationError

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::[0-9]{1,5})?")

RESERVED_NAMES = frozenset({"callgate", "callgate-probe", "commands", "issuer", "messages", "payments"})
"""The address of `flask doctor`, and events of the gateway's own: a channel of that name would send its callbacks to handlers of commands, or among messages."""

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _network(value: str) -> str:
    ip_network(value, strict=False)
    return value


def _host(value: str) -> str:
    if value and not HOST.fullmatch(value):
        raise ValueError("must be a host, or host:port where the port is not the usual one")
    return value.lower()


class ChannelConfig(BaseModel):
    """One channel table: the keys every channel takes, and the platform's own in `options`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    platform: str
    title: str = ""
    enabled: bool = True
    ip_allowlist: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    ip_denylist: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    rate_limit: Annotated[str, AfterValidator(checked_rate)] | None = None
    rate_limit_per_address: Annotated[str, AfterValidator(checked_burst_rate)] | None = None
    max_body_bytes: int | None = Field(None, ge=1024)
    unknown_events: Literal["store", "reject"] | None = None
    under_pressure: Literal["store", "reject"] | None = None
    allow_unsigned: bool = False
    dedupe_window_days: int = Field(30, ge=1, le=3650)
    order_by: Annotated[str, AfterValidator(checked_path)] | None = None
    ca_bundle: Bundle = ""
    egress_proxy: EgressProxy = Field(SecretStr(""), repr=False)
    send_traceparent: bool = False
    message_lifetime: Annotated[int, BeforeValidator(lifetime_seconds)] = 3 * 86_400
    relay_host: Annotated[str, AfterValidator(_host)] = ""
    domain_files: DomainFiles = Field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    unset_variables: tuple[str, ...] = ()
    set_variables: tuple[str, ...] = ()
    unset_keys: frozenset[str] = frozenset()
    """The keys whose text names a variable that is not set; in `options` such a text is empty."""
    variables: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """The variables that each key's text names."""

    @property
    def disabled_reason(self) -> str | None:
        """Say why this channel takes no part, None when it does."""
        if not self.enabled:
            return "enabled = false is written in the channels file"
        if self.unset_variables:
            return "not set in the environment: " + ", ".join(self.unset_variables)
        return None


class ChannelsFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True)

    channels: tuple[ChannelConfig, ...] = ()
    destinations: tuple[DestinationConfig, ...] = ()
    login_groups: tuple[LoginGroupConfig, ...] = ()
    api_tokens: tuple[FileToken, ...] = ()
    message_groups: tuple[MessageGroupConfig, ...] = ()
    push_keys: tuple[PushKeyConfig, ...] = ()
    notifications: tuple[NotificationConfig, ...] = ()
    watch: WatchConfig = WatchConfig()
    clients: tuple[ClientConfig, ...] = ()


TABLES: Mapping[str, type[Any]] = {
    "login_groups": LoginGroupConfig,
    "message_groups": MessageGroupConfig,
    "push_keys": PushKeyConfig,
    "notifications": NotificationConfig,
    "api_tokens": FileToken,
    "clients": ClientConfig,
}
"""Lists of tables that each stand for themselves, by their key."""


def load_channels(path: Path, environment: Mapping[str, str]) -> ChannelsFile:
    """Read a channels file; raises ConfigurationError with every fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            [
                f"CHANNELS_FILE: {path} is not there; `flask init` writes one, docs/upgrading.md says where an old one is."
            ]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            [f"CHANNELS_FILE: {path} cannot be read ({error.__class__.__name__})."]
        ) from None
    return parse_channels(text, environment, source=path.name, folder=path.parent)


def parse_channels(
    text: str,
    environment: Mapping[str, str],
    *,
    source: str = "channels.toml",
    folder: Path = Path(),
) -> ChannelsFile:
    """Read the text of a channels file; raises ConfigurationError with every fault. Other files it names begin at `folder`."""
    try:
        document = with_own_domain_files(with_own_files(tomllib.loads(text), folder), folder)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{source}: {error}."]) from None
    faults = [f"{source}: unknown table [{key}]." for key in document if key not in ChannelsFile.model_fields]
    named = NamedValues(environment)
    found = [
        _channel(name, table, named, source, faults) for name, table in document.get("channels", {}).items()
    ]
    channels = [channel for channel in found if channel is not None]
    destinations = _destinations(document.get("destinations", []), named, source, faults)
    tables = partial(_tables, document, named, faults, source=source)
    others: dict[str, Any] = {key: tuple(tables(kind, key=key)) for key, kind in TABLES.items()}
    others["watch"] = _watch(document.get("watch", {}), named, source, faults)
    faults += [f"{source}: {sentence}" for sentence in clashes((c.name, c.domain_files) for c in channels)]
    hosts = [channel.relay_host for channel in channels if channel.relay_host]
    faults.extend(_doubled(hosts, "relay hosts", source))
    faults += dict.fromkeys(named.faults)
    if faults:
        raise ConfigurationError(faults)
    return ChannelsFile(
        channels=tuple(channels),
        destinations=tuple(destinations),
        **others,
    )


def _fault_of_table(name: str, table: Any) -> str | None:
    """Say what is wrong with a channel's name or form, None when nothing is."""
    if not is_name(name):
        return f"channel name {name!r} may hold only a-z, 0-9, - and _ (64 at most)."
    if name in RESERVED_NAMES:
        return f"the channel name {name!r} is the gateway's own; choose another one."
    return None if isinstance(table, dict) else f"[channels.{name}] must be a table."


def _channel(
    name: str, table: Any, named: NamedValues, source: str, faults: list[str]
) -> ChannelConfig | None:
    if (fault := _fault_of_table(name, table)) is not None:
        faults.append(f"{source}: {fault}")
        return None
    variables = _Variables(named)
    values, unset_keys = {}, set()
    for key, value in table.items():
        before = len(variables.unset_places)
        values[key] = variables.put_into(value)
        if len(variables.unset_places) > before:
            unset_keys.add(key)
    own = set(ChannelConfig.model_fields) - {
        "name",
        "options",
        "unset_variables",
        "set_variables",
        "unset_keys",
        "variables",
    }
    # A common key without its variable has its default here, and keeps the channel off.
    common = {key: value for key, value in values.items() if key in own - unset_keys}
    options = {key: value for key, value in values.items() if key not in own}
    if "allow_unsigned" in common:
        options["allow_unsigned"] = common["allow_unsigned"]
    try:
        return ChannelConfig(
            name=name,
            **common,
            options=options,
            unset_variables=tuple(variables.unset),
            set_variables=tuple(variables.set),
            unset_keys=frozenset(unset_keys),
            variables={key: names for key, value in table.items() if (names := variables_in(value))},
        )
    except ValidationError as error:
        faults.extend(f"{source}: [channels.{name}] {sentence}" for sentence in fault_sentences(error))
        return None


def _destinations(tables: Any, named: NamedValues, source: str, faults: list[str]) -> list[DestinationConfig]:
    if not isinstance(tables, list):
        faults.append(f"{source}: destinations must be written as [[destinations]].")
        return []
    found = [_destination(table, named, source, faults) for table in tables]
    destinations = [destination for destination in found if destination is not None]
    faults.extend(_doubled([destination.name for destination in destinations], "destinations", source))
    return destinations


def _tables(
    document: Mapping[str, Any],
    named: NamedValues,
    faults: list[str],
    kind: type[Any],
    *,
    key: str,
    source: str,
) -> list[Any]:
    tables = document.get(key, [])
    if not isinstance(tables, list):
        faults.append(f"{source}: {key} must be written as [[{key}]].")
        return []
    groups = []
    for table in tables:
        variables = _Variables(named)
        values = variables.put_into(table)
        if variables.unset:
            faults.append(f"{source}: [[{key}]] needs {', '.join(variables.unset)} in the environment.")
            continue
        try:
            groups.append(kind.model_validate(values))
        except ValidationError as error:
            name = table.get("name") if isinstance(table, dict) else None
            faults.extend(f"{source}: [[{key}]] {name!r} {sentence}" for sentence in fault_sentences(error))
    faults.extend(_doubled([group.name for group in groups], key.replace("_", " "), source))
    return groups


def _watch(table: Any, named: NamedValues, source: str, faults: list[str]) -> WatchConfig:
    variables = _Variables(named)
    values = variables.put_into(table)
    if variables.unset:
        faults.append(f"{source}: [watch] needs {', '.join(variables.unset)} in the environment.")
        return WatchConfig()
    try:
        return WatchConfig.model_validate(values)
    except ValidationError as error:
        faults.extend(f"{source}: [watch] {sentence}" for sentence in fault_sentences(error))
        return WatchConfig()


def _doubled(names: list[str], what: str, source: str) -> list[str]:
    return [
        f"{source}: two {what} are called {name!r}." for name in sorted(set(names)) if names.count(name) > 1
    ]


def _destination(table: Any, named: NamedValues, source: str, faults: list[str]) -> DestinationConfig | None:
    variables = _Variables(named)
    values = variables.put_into(table)
    name = values.get("name") if isinstance(values, dict) else None
    if variables.unset:
        faults.append(
            f"{source}: destination {name!r} needs {', '.join(variables.unset)} in the environment."
        )
        return None
    try:
        return DestinationConfig.model_validate(values)
    except ValidationError as error:
        faults.extend(
            f"{source}: [[destinations]] {name!r} {sentence}" for sentence in fault_sentences(error)
        )
        return None


def variables_in(value: Any) -> tuple[str, ...]:
    """Return the names of the variables in a text, or in the texts of a list or table, each once."""
    if isinstance(value, Mapping | list):
        items = value.values() if isinstance(value, Mapping) else value
        return tuple(dict.fromkeys(name for item in items for name in variables_in(item)))
    return tuple(match[1] for match in VARIABLE.finditer(value)) if isinstance(value, str) else ()


class _Variables:
    """Puts values for `${NAME}` into one table; remembers which names had none, and which of those without a default had.

    A text that names a variable without a value is empty as a whole: half an address is none.
    """

    def __init__(self, named: NamedValues):
        self._named = named
        self.set: dict[str, None] = {}
        self.unset: dict[str, None] = {}
        self.unset_places: list[str] = []

    def put_into(self, value: Any) -> Any:
        """Return the table, list or text with every variable replaced."""
        if isinstance(value, dict):
            return {key: self.put_into(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.put_into(item) for item in value]
        if not isinstance(value, str):
            return value
        before = len(self.unset_places)
        text = VARIABLE.sub(self._text_of, value)
        return text if len(self.unset_places) == before else ""

    def _text_of(self, match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        found = self._named.get(name)
        if found:
            if default is None:
                self.set[name] = None
            return found
        if default is None:
            self.unset[name] = None
            self.unset_places.append(name)
        return default or ""


def fault_sentences(error: ValidationError) -> list[str]:
    """Put pydantic's findings into sentences that name the key and never show its value."""
    sentences = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "table"
        if fault["type"] == "missing":
            sentences.append(f"{key} is missing.")
        elif fault["type"] == "extra_forbidden":
            sentences.append(f"{key} is not a known key.")
        else:
            sentences.append(f"{key}: {fault['msg'].removeprefix('Value error, ')}.")
    return sentences
