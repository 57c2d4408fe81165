"""Bind codes, the OpenID index and app tokens as the API, the console and the terminal show them: plain JSON values."""

from __future__ import annotations

import re
from typing import Any

from app.core.errors import RefusedError, RequestError
from app.core.moments import as_text
from app.core.states import BindStatus
from app.pipeline.binding.codes import MadeBindCode
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import app_token_health
from app.storage.audit import write_audit
from app.storage.binding.bindcodes import BindCode
from app.storage.binding.openids import OpenIdEntry, delete_openid, list_openids

CURSOR_SHAPE = re.compile(r"[0-9a-f]{32}")


def page_address(services: Services, bindcode: BindCode) -> str:
    """Return the address of the page that shows a code to a person."""
    return f"{services.settings.public_base_url}/bind/{bindcode.page_key}"


def qr_address(services: Services, bindcode: BindCode) -> str | None:
    """Return a picture of the QR code: the platform's own, else ours, None when there is no QR code."""
    if bindcode.qr_content is None:
        return None
    return bindcode.qr_image_url or f"{page_address(services, bindcode)}/qr.svg"


def made_bindcode_view(services: Services, made: MadeBindCode) -> dict[str, Any]:
    """Return a new code as its maker sees it; only here is the scene told."""
    shown = {
        "code": made.bindcode.code,
        "scene": made.bindcode.scene,
        "expires_at": as_text(made.bindcode.expires_at),
        "qr_url": qr_address(services, made.bindcode),
        "status": made.bindcode.status.value,
        "page_url": page_address(services, made.bindcode),
        "app": made.bindcode.app,
        "channel": made.bindcode.channel,
        "user_ref": made.bindcode.user_ref,
    }
    return shown if made.warning is None else shown | {"warning": made.warning}


def bindcode_view(bindcode: BindCode) -> dict[str, Any]:
    """Return how a code stands."""
    return {
        "status": bindcode.status.value,
        "open_id": bindcode.open_id if bindcode.status is BindStatus.BOUND else None,
        "code": bindcode.code,
        "app": bindcode.app,
        "channel": bindcode.channel,
        "user_ref": bindcode.user_ref,
        "created_at": as_text(bindcode.created_at),
        "expires_at": as_text(bindcode.expires_at),
        "bound_at": as_text(bindcode.bound_at),
    }


def list_openids_page(
    services: Services, *, app: str | None, channel: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of the OpenID index, newest first."""
    before = _cursor(cursor)
    with services.database.read() as tx:
        found = list_openids(tx, app=app, channel=channel, before=before, limit=limit + 1)
    page = found[:limit]
    return {
        "items": [openid_view(item) for item in page],
        "next_cursor": page[-1].id if len(found) > limit else None,
    }


def openid_view(entry: OpenIdEntry) -> dict[str, Any]:
    """Return one entry of the index."""
    return {
        "app": entry.app,
        "channel": entry.channel,
        "open_id": entry.open_id,
        "union_id": entry.union_id,
        "subscribed": entry.subscribed,
        "user_ref": entry.user_ref,
        "bound_at": as_text(entry.bound_at),
    }


def remove_openid(services: Services, *, app: str, open_id: str, actor: str, trace_id: str) -> None:
    """Take one entry out of the index, audited; raises RefusedError 404 when there is none."""
    with services.database.begin() as tx:
        if not delete_openid(tx, app, open_id):
            raise RefusedError("unknown_openid", "This app has no such OpenID.", http_status=404)
        write_audit(
            tx,
            at=services.clock.now(),
            actor=actor,
            action="openid.delete",
            target=f"{app}/{open_id}",
            trace_id=trace_id,
        )


def tokens_view(services: Services) -> list[dict[str, Any]]:
    """Return how every app token is doing, without any value."""
    times = (
        "fetched_at", "expires_at", "renew_at", "last_error_at", "refused_since", "next_forced_refresh_at",
    )  # fmt: skip
    return [health | {name: as_text(health[name]) for name in times} for health in app_token_health(services)]


def _cursor(text: str | None) -> str | None:
    if text is not None and not CURSOR_SHAPE.fullmatch(text):
        raise RequestError("bad_cursor", "cursor must be the next_cursor of the page before.")
    return text
