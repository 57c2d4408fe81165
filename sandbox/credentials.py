"""Reads the simulator's settings from a mapping such as the environment.

Which variables there are and what they hold when nobody sets them is said by the platforms' folders. The built-in
values are fictional and exist so that tests need no settings at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.platforms import simulated_platforms
from sandbox.settings import SandboxSettings
from sandbox.simulated import Credential


def read_settings(environment: Mapping[str, str]) -> SandboxSettings:
    """Reads every setting from variables; an empty variable counts as unset.

    Raises ValueError for a value that is not among the choices of its variable.
    """
    usual = SandboxSettings()
    gateway = environment.get("SANDBOX_GATEWAY_URL", "") or environment.get("PUBLIC_BASE_URL", "")
    allowed = environment.get("SANDBOX_REDIRECT_URIS", "")
    credentials = [each for platform in simulated_platforms() for each in platform.credentials]
    return SandboxSettings(
        credentials={each.variable: _value(each, environment) for each in credentials},
        gateway_url=gateway.strip() or usual.gateway_url,
        sandbox_url=environment.get("SANDBOX_URL", "").strip() or usual.sandbox_url,
        redirect_uris=tuple(uri.strip() for uri in allowed.split(",") if uri.strip()),
    )


def _value(credential: Credential, environment: Mapping[str, str]) -> str:
    value = environment.get(credential.variable, "").strip() or credential.value
    if credential.choices and value not in credential.choices:
        raise ValueError(f"{credential.variable} must be one of {', '.join(credential.choices)}")
    return value
