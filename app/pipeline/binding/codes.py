"""Bind codes: a code or a QR code is made for an app. What becomes of it when somebody uses it is in consume.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.config.settings import Settings
from app.core.errors import CallgateError, RefusedError, UpstreamError
from app.core.identifiers import CODE_ALPHABET, new_id, random_word, typed_code
from app.core.ports import AppTokenSource, BindSource, SceneCodeSource
from app.core.states import BindStatus
from app.core.storable import is_storable
from app.core.values import SceneCode
from app.pipeline.channels import Channel
from app.pipeline.overrides import check_is_on
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.storage.binding.bindcodes import (
    BindCode,
    find_bindcode,
    find_bindcode_page,
    insert_bindcode,
    store_scene_qr,
)

SHORTEST_TTL = 30
LONGEST_TTL = 30 * 86_400
"""Platforms make temporary QR codes for at most 30 days."""

CODE_LENGTH = 8
SCENE_BITS = 128
PAGE_KEY_BITS = 160
COLLISION_TRIES = 5
CODE_SHAPE = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
WORD_SHAPE = re.compile(r"[0-9a-f]{16,64}")
APP_SHAPE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
LONGEST_USER_REF = 191
LONGEST_QR_TEXT = 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MadeBindCode:
    """A new code; `warning` says why there is no QR code although the channel can make one."""

    bindcode: BindCode
    warning: str | None = None


def create_bind_code(
    services: Services, *, app: str, channel_name: str, ttl: int | None = None, user_ref: str | None = None
) -> MadeBindCode:
    """Make a code for one app on one channel.

    1. Every value must be usable and the channel must be able to bind.
    2. The code is stored with fresh random words; it works from here on.
    3. Where the channel can make QR codes, the platform makes one; without it the code can still be typed.
    """
    ttl = default_ttl(services.settings) if ttl is None else ttl
    _check_wanted(app, ttl, user_ref)
    channel, _ = services.channels.with_capability(channel_name, BindSource)
    check_is_on(services, channel.name)
    bindcode = _store_unused(services, app, channel.name, ttl, user_ref)
    log.info("bindcode_made", app=app, channel=channel.name, bindcode_id=bindcode.id)
    warning = _make_qr(services, channel, bindcode, ttl)
    return MadeBindCode(_reread(services, bindcode), warning)


def default_ttl(settings: Settings) -> int:
    """Return BINDCODE_TTL within what a code may live."""
    return max(SHORTEST_TTL, min(settings.bindcode_ttl, LONGEST_TTL))


def bind_code_status(services: Services, code: str) -> BindCode | None:
    """Return a code as it stands now, however a person wrote it; None when there is none."""
    word = "".join(code.split()).upper()
    if not CODE_SHAPE.fullmatch(word):
        return None
    with services.database.read() as tx:
        found = find_bindcode(tx, word)
    return None if found is None else found.at(services.clock.now())


def bind_page(services: Services, page_key: str) -> BindCode | None:
    """Return the code of a page for people as it stands now, None when there is none."""
    if not WORD_SHAPE.fullmatch(page_key):
        return None
    with services.database.read() as tx:
        found = find_bindcode_page(tx, page_key)
    return None if found is None else found.at(services.clock.now())


def _check_wanted(app: str, ttl: int, user_ref: str | None) -> None:
    if not APP_SHAPE.fullmatch(app):
        raise _refusal("bad_app", "app must be 1 to 64 letters, digits or any of . _ : -")
    if not SHORTEST_TTL <= ttl <= LONGEST_TTL:
        raise _refusal(
            "bad_ttl", f"ttl must be a whole number of seconds from {SHORTEST_TTL} to {LONGEST_TTL}."
        )
    if user_ref is not None and not (0 < len(user_ref) <= LONGEST_USER_REF and user_ref.isprintable()):
        raise _refusal("bad_user_ref", f"user_ref must be 1 to {LONGEST_USER_REF} printable characters.")


def _refusal(word: str, sentence: str) -> RefusedError:
    return RefusedError(word, sentence, http_status=400)


def _store_unused(
    services: Services, app: str, channel_name: str, ttl: int, user_ref: str | None
) -> BindCode:
    for _ in range(COLLISION_TRIES):
        now = services.clock.now()
        new = BindCode(
            id=new_id(now),
            code=typed_code(CODE_LENGTH),
            scene=random_word(SCENE_BITS),
            page_key=random_word(PAGE_KEY_BITS),
            app=app,
            channel=channel_name,
            user_ref=user_ref,
            status=BindStatus.PENDING,
            open_id=None,
            created_at=now,
            expires_at=now + timedelta(seconds=ttl),
        )
        if services.database.run(lambda tx, new=new: insert_bindcode(tx, new)):  # type: ignore[misc]
            return new
    raise CallgateError("no_unused_code", "No unused bind code was found; the random source may be broken.")


def _make_qr(services: Services, channel: Channel, bindcode: BindCode, ttl: int) -> str | None:
    """Have the platform make a QR code and keep it; return a sentence when it did not."""
    source = channel.connector
    if not isinstance(source, SceneCodeSource) or not isinstance(source, AppTokenSource):
        return None
    try:
        made = with_app_token(
            services,
            channel.name,
            lambda token: source.create_scene_code(bindcode.scene, ttl, token, channel.http),
        )
    except UpstreamError as error:
        log.warning("bind_qr_not_made", channel=channel.name, bindcode_id=bindcode.id, error=error.code)
        return _warning(error)
    if not is_storable(made.content, LONGEST_QR_TEXT):
        return (
            "The platform's QR code cannot be kept: it is too long or no text; the code can still be typed."
        )
    _keep_qr(services, bindcode, made)
    return None


def _warning(error: UpstreamError) -> str:
    number = f" ({error.platform_code})" if error.platform_code else ""
    return f"No QR code could be made{number}; the code can still be typed. {error.message}"


def _keep_qr(services: Services, bindcode: BindCode, made: SceneCode) -> None:
    expires_at = services.clock.now() + timedelta(seconds=made.expires_in)
    image_url = made.image_url if is_storable(made.image_url or "", LONGEST_QR_TEXT) else None
    with services.database.begin() as tx:
        store_scene_qr(tx, bindcode.id, content=made.content, image_url=image_url, expires_at=expires_at)


def _reread(services: Services, bindcode: BindCode) -> BindCode:
    with services.database.read() as tx:
        return (find_bindcode(tx, bindcode.code) or bindcode).at(services.clock.now())
