"""Every setting with its type, default and one sentence (CONTRACT §3). Values only; nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.config.api_tokens import ApiToken
from app.config.certificates import checked_bundle
from app.config.home import home_of, own_database_url, own_path
from app.config.named_values import NamedValues
from app.config.origins import checked_origins
from app.config.passwords import password_put_in
from app.config.samples import is_sample
from app.config.setting_kinds import (
    ApiTokens,
    ConsoleAdmins,
    Flag,
    Hosts,
    HttpAddress,
    Networks,
    RootAddress,
    Seconds,
    Words,
)
from app.config.tracing import Collector, OtlpHeaders, OtlpProtocol, Sampler, Share
from app.config.tunnels import tunnel_of
from app.core.errors import ConfigurationError

MIN_SECRET_BYTES = 32
MIN_PASSWORD_LENGTH = 12
MIN_DIFFERENT_CHARACTERS = 8
PLACEHOLDER_WORDS = (
    "change",
    "placeholder",
    "your",
    "example",
    "secret",
    "password",
    "todo",
    "xxx",
    "sample",
)
BROKER_SCHEMES = ("amqp", "amqps", "redis", "rediss")


class Settings(BaseModel):
    """Everything the environment decides."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_env: Literal["dev", "test", "prod"] = Field(
        "dev", description="Where this runs: dev, test (staging: warns) or prod (refuses unsafe settings)."
    )
    public_base_url: RootAddress = Field(
        "http://localhost:5003",
        description="The address the world reaches this gateway at, without a path; the only source of redirect and callback URLs.",
    )
    secret_key: Words = Field(
        ...,
        repr=False,
        description="Seals tokens and signs state; a comma list rotates keys, the first one writes. Keep an old one for RETENTION_BODY_DAYS: it opens what events hold sealed.",
    )
    database_url: str = Field(
        "sqlite:///var/callgate.db",
        repr=False,
        description="sqlite:///…, postgresql://… or mysql://… (MariaDB); ?prepare_threshold=none prepares no statements, as behind PgBouncer by itself.",
    )
    database_password: str = Field(
        "",
        repr=False,
        description="Password for a DATABASE_URL that holds none; any letter as it is, nothing encoded.",
    )
    channels_file: str = Field(
        "channels.toml", description="File with the channels, routes and destinations."
    )
    handlers: Words = Field(
        (), description="Comma list of Python modules whose routers are loaded besides the folder handlers/."
    )
    engine: Literal["embedded", "celery"] = Field(
        "embedded", description="Who runs background work: threads of the serving process, or Celery workers."
    )
    celery_broker_url: str = Field(
        "",
        repr=False,
        description="RabbitMQ (amqp://…) or Redis (redis://…) address; needed with ENGINE=celery.",
    )
    celery_broker_password: str = Field(
        "",
        repr=False,
        description="Password for a CELERY_BROKER_URL that holds none; any letter as it is, nothing encoded.",
    )
    celery_queue: str = Field(
        "callgate",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="Name of the broker's queue, and of the keys on Redis; one for each gateway.",
    )
    serve_on_one_core: Flag = Field(
        True,
        description="A serving process keeps to one core, which is faster; 0 lets it use all of them.",
    )
    ratelimit_storage_uri: str = Field(
        "memory://",
        repr=False,
        description="Where rate limits are counted, in memory 100,000 counters at most; Redis when several processes serve.",
    )
    ratelimit_enabled: Flag = Field(True, description="0 switches every rate limit off (load tests).")
    bans_enabled: Flag = Field(
        True,
        description="Keeps an address out for a growing time when too many of its requests were refused; 0 only slows it.",
    )
    ban_after: int = Field(
        1000,
        ge=100,
        description="Refused proofs, wrong API tokens and unknown channels of one address within ten minutes before it is banned.",
    )
    api_tokens: ApiTokens = Field(
        (),
        repr=False,
        description="Comma list name:token or name:token:read+send+bind+replay for the management API.",
    )
    admin_password: str = Field(
        "",
        repr=False,
        description="Password of the console's first person, admin, who adds the others; empty: no such person.",
    )
    console_admins: ConsoleAdmins = Field(
        (),
        description="Comma list channel:subject[:role] of platform accounts that may use the console (feishu:ou_…:operator); viewer without a role.",
    )
    client_registration: Flag = Field(
        False, description="1 lets operators register systems that log people in through this gateway (§7a)."
    )
    ca_bundle: str = Field(
        "", description="PEM file of authorities that calls to platforms and destinations trust as well."
    )
    metrics_allowed: Networks = Field(
        (), description="Comma list of addresses or networks that may read /metrics without a token."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="Number of proxies whose X-Forwarded-* is believed."
    )
    force_https: Flag | None = Field(
        None, description="1 refuses plain http and sends HSTS; default 1 in prod."
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, description="Largest request body, counted on bytes read."
    )
    max_waiting: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Most dispatches that may be due and not begun; above it callbacks get 503 with Retry-After; 0: no limit.",
    )
    max_waiting_seconds: int = Field(
        0,
        ge=0,
        description="Longest that the oldest of them may be due, in seconds; above it callbacks get 503 with Retry-After; 0: no limit.",
    )
    least_free_disk_mb: int = Field(
        100,
        ge=0,
        description="MiB that must be free where the SQLite file is; below it callbacks get 503 with Retry-After; 0: no limit.",
    )
    session_ttl: Seconds = Field(900, description="Seconds one session token lives; it is renewed on use.")
    session_max_age: Seconds = Field(604_800, description="Seconds a whole session lives.")
    refresh_buffer: Seconds = Field(
        300, description="Seconds before its end at which a user token is refreshed."
    )
    flow_ttl: Seconds = Field(600, description="Seconds a started login may take.")
    bindcode_ttl: Seconds = Field(300, description="Seconds a bind code works.")
    retention_body_days: int = Field(30, ge=1, le=36_500, description="Days the bodies of events are kept.")
    retention_event_days: int = Field(90, ge=1, le=36_500, description="Days events are kept.")
    return_urls: Words = Field((), description="Comma list of absolute addresses a login may return to.")
    cors_origins: Annotated[Words, AfterValidator(checked_origins)] = Field(
        (), description="Comma list of origins whose pages may call /api/v1/ with a Bearer token."
    )
    callback_allowed_hosts: Hosts = Field(
        (), description="Private hosts a caller-supplied callbackUrl may name."
    )
    callback_default_channel: str = Field("callback", description="Channel behind /api/platform/callback.")
    wechat_default_channel: str = Field("wechat", description="Channel behind /wechat without a name.")
    log_format: Literal["json", "console"] | None = Field(
        None, description="json or console; default json in prod."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severity logged."
    )
    otel_exporter_otlp_endpoint: Collector = Field(
        "",
        description="Traces and HTTP metrics go to this collector (needs requirements-otel.txt); empty: nowhere.",
    )
    otel_exporter_otlp_protocol: OtlpProtocol = Field("http/protobuf", description="http/protobuf or grpc.")
    otel_exporter_otlp_headers: OtlpHeaders = Field(
        "", repr=False, description="Comma list name=value that the collector wants to see."
    )
    otel_service_name: str = Field("callgate", max_length=100, description="What traces call this gateway.")
    otel_traces_sampler: Sampler = Field(
        "parentbased_always_on", description="Which traces are collected, in OpenTelemetry's words."
    )
    otel_traces_sampler_arg: Share = Field(1.0, description="Share of them for traceidratio, 0 to 1.")
    sandbox: Flag | None = Field(
        None, description="1 allows the simulator; default 1 in dev, refused in prod."
    )
    sandbox_url: HttpAddress = Field("http://localhost:5004", description="Where the simulator listens.")

    @property
    def is_https(self) -> bool:
        """Whether the public address is https; cookies and HSTS depend on it."""
        return self.public_base_url.startswith("https://")

    @property
    def https_is_forced(self) -> bool:
        """Whether plain http is refused."""
        return self.app_env == "prod" if self.force_https is None else self.force_https

    @property
    def sandbox_is_on(self) -> bool:
        """Whether the simulator may be used."""
        return self.app_env == "dev" if self.sandbox is None else self.sandbox

    @property
    def logs_are_json(self) -> bool:
        """Whether logs are one JSON object a line."""
        return self.app_env == "prod" if self.log_format is None else self.log_format == "json"


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings, relative paths from the own files on; raises ConfigurationError with every fault."""
    settings, faults = read_settings(environment)
    if faults:
        raise ConfigurationError(faults)
    return settings


def read_settings(environment: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Read the settings and what is wrong with them; a faulty one has its default, so that the rest can be judged too."""
    named = NamedValues(environment)
    values: dict[str, Any] = {"secret_key": ()}
    for name in Settings.model_fields:
        value = named.get(name.upper())
        if value is not None and value.strip():
            values[name] = value.strip()
    settings, faults = _judged(values)
    faults = [*named.faults, *faults, *_secret_faults(settings), *_engine_faults(settings)]
    home = home_of(environment)
    database = password_put_in(
        "DATABASE_URL", settings.database_url, settings.database_password, faults=faults
    )
    broker = password_put_in(
        "CELERY_BROKER_URL", settings.celery_broker_url, settings.celery_broker_password, faults=faults
    )
    paths = {
        "channels_file": own_path(home, settings.channels_file),
        "ca_bundle": _own_bundle(home, settings.ca_bundle, faults),
        "database_url": own_database_url(home, database),
        "celery_broker_url": broker,
    }
    return settings.model_copy(update=paths), _once_each_name(faults)


def _own_bundle(home: Path, written: str, faults: list[str]) -> str:
    """Return the file of CA_BUNDLE as it is meant; one that cannot be used is a fault."""
    try:
        return checked_bundle(own_path(home, written)) if written else ""
    except ValueError as error:
        faults.append(f"CA_BUNDLE: {error}.")
        return ""


def _judged(values: dict[str, Any]) -> tuple[Settings, list[str]]:
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        at_fault = {fault["loc"][0] for fault in error.errors()}
        rest = {name: value for name, value in values.items() if name not in at_fault}
        return Settings.model_validate({"secret_key": (), **rest}), [
            _sentence(each) for each in error.errors()
        ]


def _once_each_name(faults: list[str]) -> list[str]:
    """Keep the first sentence about a setting: the later ones are about the default that took its place."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.partition(" is ")[0] if " entry " in fault else setting_named(fault), fault)
    return list(found.values())


def setting_named(fault: str) -> str:
    """Return the setting that a sentence begins with."""
    return fault.split(" ", maxsplit=1)[0].rstrip(":").removesuffix("_FILE")


def _sentence(fault: Any) -> str:
    return f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}."


def _secret_faults(settings: Settings) -> list[str]:
    faults = []
    if not settings.secret_key:
        faults.append(
            f"SECRET_KEY is not set or empty; put a random value of at least {MIN_SECRET_BYTES} characters there."
        )
    for position, key in enumerate(settings.secret_key, start=1):
        which = "SECRET_KEY" if len(settings.secret_key) == 1 else f"SECRET_KEY entry {position}"
        if len(key.encode()) < MIN_SECRET_BYTES:
            faults.append(f"{which} is shorter than {MIN_SECRET_BYTES} bytes; use a long random value.")
        elif looks_like_a_placeholder(key):
            faults.append(f"{which} is a placeholder; use a long random value.")
    return faults


def _engine_faults(settings: Settings) -> list[str]:
    scheme = settings.celery_broker_url.partition("://")[0]
    if settings.engine != "celery" or scheme in BROKER_SCHEMES:
        return []
    if not settings.celery_broker_url:
        return ["CELERY_BROKER_URL is not set; ENGINE=celery needs an amqp:// or redis:// address."]
    return ["CELERY_BROKER_URL must begin with amqp://, amqps://, redis:// or rediss://."]


def looks_like_a_placeholder(secret: str) -> bool:
    """Say whether a secret is a sample value rather than a random one."""
    is_placeholder = any(word in secret.lower() for word in PLACEHOLDER_WORDS)
    return is_placeholder or len(set(secret)) < MIN_DIFFERENT_CHARACTERS or is_sample(secret)


def weak_api_tokens(tokens: Iterable[ApiToken], place: str) -> list[str]:
    """Return a sentence for each token whose text is none; of those known by their digest alone nothing can be said."""
    return [
        f"{place}: the token of {token.name!r} is short, a placeholder or a sample; use a random one."
        for token in tokens
        if not token.token_sha256
        and (len(token.token) < MIN_SECRET_BYTES or looks_like_a_placeholder(token.token))
    ]


def environment_faults(settings: Settings) -> list[str]:
    """Return what prod refuses and test warns about, a sentence each (channels have their own list)."""
    faults = []
    if not settings.is_https:
        faults.append("PUBLIC_BASE_URL is not https; platforms and cookies need https.")
    if tunnel := tunnel_of(settings.public_base_url):
        faults.append(
            f"PUBLIC_BASE_URL is a tunnel ({tunnel}); its name may change, and whoever runs it reads every callback: use a host name of your own."
        )
    if settings.sandbox_is_on:
        faults.append("SANDBOX is on; the simulator must be off outside development.")
    faults += weak_api_tokens(settings.api_tokens, "API_TOKENS")
    password = settings.admin_password
    if password and (len(password) < MIN_PASSWORD_LENGTH or looks_like_a_placeholder(password)):
        faults.append(f"ADMIN_PASSWORD is shorter than {MIN_PASSWORD_LENGTH} characters or a placeholder.")
    faults += [
        f"{name}: {address} is not https."
        for name, addresses in (
            ("RETURN_URLS", settings.return_urls),
            ("CORS_ORIGINS", settings.cors_origins),
        )
        for address in addresses
        if not address.startswith("https://")
    ]
    return faults
