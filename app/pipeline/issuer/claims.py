"""What a client is told about somebody: by scope, from the account they logged in with, and from the company's own hooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from app.core.exact_json import write_result
from app.pipeline.issuer.grants import Subject
from app.pipeline.router import ClaimsHook
from app.pipeline.services import Services

HOOK_SECONDS = 3.0
OPENID, PROFILE, EMAIL, PHONE, PLATFORM = "openid", "profile", "email", "phone", "platform"
OWN_CLAIMS = frozenset(
    {
        "iss",
        "aud",
        "sub",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "auth_time",
        "sid",
        "azp",
        "at_hash",
        "c_hash",
        "amr",
        "acr",
    }
)
"""What no hook may say."""

log = structlog.get_logger(__name__)


def claims_about(services: Services, subject: Subject, scope: str) -> dict[str, Any]:
    """Return what these scopes tell about somebody; `sub` is always there.

    `idp` `idp_sub` `union_id` come with `platform`. A mail address or phone number is told as the platform told it, as not
    verified: administrators import them, nobody checks them.
    """
    scopes = frozenset(scope.split())
    known = subject.identity.known
    found: dict[str, Any] = {"sub": subject.user_id}
    if PROFILE in scopes:
        found |= _said({"name": known.name, "picture": known.avatar_url})
        found["updated_at"] = int(subject.identity.last_login_at.timestamp())
    if EMAIL in scopes and isinstance(known.profile.get("email"), str):
        found |= {"email": known.profile["email"], "email_verified": False}
    if PHONE in scopes and isinstance(known.profile.get("phone"), str):
        found |= {"phone_number": known.profile["phone"], "phone_number_verified": False}
    if PLATFORM in scopes:
        found |= _said({"idp": subject.identity.channel, "idp_issuer": known.issuer})
        found |= _said({"idp_sub": known.subject, "union_id": known.union_id})
    return hooked_claims(services, subject, scopes) | found


def how_they_logged_in(services: Services, subject: Subject) -> list[str]:
    """Return `amr`: the platform."""
    channel = services.channels.get(subject.identity.channel)
    return [subject.identity.channel if channel is None else channel.spec.slug]


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def hooked_claims(services: Services, subject: Subject, scopes: frozenset[str]) -> dict[str, Any]:
    """Ask the hooks of handlers/ for these scopes; one that fails or is slow says nothing, and the log says so."""
    found: dict[str, Any] = {}
    for hook in services.router.claims_hooks:
        if hook.scope not in scopes:
            continue
        said = _asked(services, hook, subject)
        found |= {name: value for name, value in said.items() if name not in OWN_CLAIMS}
    return found


def _asked(services: Services, hook: ClaimsHook, subject: Subject) -> dict[str, Any]:
    person = {
        "user_id": subject.user_id,
        "channel": subject.identity.channel,
        "subject": subject.identity.known.subject,
        "union_id": subject.identity.known.union_id,
        "name": subject.identity.known.name,
    }
    try:
        said = services.claims_pool.ask(hook.function, person, seconds=HOOK_SECONDS)
    except TimeoutError:
        log.warning("claims_hook_slow", hook=hook.name, seconds=HOOK_SECONDS)
        return {}
    except Exception as error:  # noqa: BLE001 - a user's code; its failure must not keep people out
        log.warning("claims_hook_failed", hook=hook.name, error=error.__class__.__name__)
        return {}
    return dict(said) if isinstance(said, Mapping) and not write_result(dict(said)).left_out else {}
