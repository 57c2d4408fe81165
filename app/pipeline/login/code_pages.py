"""Login pages of ours on which a platform's script hands out the code: who may see one. Where they begin is in start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.code_pages import CodeScript
from app.core.errors import LoginError
from app.core.ports import LoginProvider
from app.pipeline.channels import Channel
from app.pipeline.login.start import find_own_flow, invalid_state, script_of
from app.pipeline.services import Services
from app.storage.login.flows import Flow


@dataclass(frozen=True, slots=True, repr=False)
class StartedScript:
    """A login under way whose code a script hands out; `code_name` is what the page calls the code when it posts it."""

    channel: Channel
    flow: Flow
    script: CodeScript
    code_name: str


def started_script(
    services: Services, *, channel_name: str, state: str | None, browsers: Sequence[str]
) -> StartedScript:
    """Return what the page needs for a login that this browser started; raises LoginError for every other one. Spends nothing."""
    channel, provider = services.channels.with_capability(channel_name, LoginProvider)
    flow = find_own_flow(services, state=state, channel=channel.name, browsers=browsers)
    script = None if flow is None or flow.consumed_at is not None else script_of(channel, flow.page)
    if flow is None or script is None:
        raise invalid_state()
    if flow.expires_at <= services.clock.now():
        raise LoginError("login_expired", "This login took too long; start again.")
    return StartedScript(channel, flow, script, provider.code_parameters[0])
