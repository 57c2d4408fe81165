"""Making bind codes: what they look like, what is refused, and what happens when the platform makes no QR code."""

from __future__ import annotations

import pytest

from app.core.errors import CallgateError, RefusedError
from app.core.identifiers import CODE_ALPHABET
from app.core.states import BindStatus
from app.pipeline.binding import codes
from app.pipeline.binding.codes import bind_code_status, bind_page, create_bind_code, default_ttl
from app.pipeline.binding.consume import bound_to
from app.pipeline.operators.bindings import list_openids_page
from app.pipeline.services import Services
from app.pipeline.upkeep.housekeeping import tidy
from tests.binding.fakes import DOWN, Scannable, deliver, typed
from tests.builders import NOW, FrozenClock


def test_a_code_is_eight_characters_without_look_alikes(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    assert len(made.code) == 8
    assert set(made.code) <= set(CODE_ALPHABET)
    assert not set("IL01O") & set(CODE_ALPHABET)


def test_scene_and_page_key_are_long_and_differ(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    assert len(made.scene) == 32  # 128 bits in hex; a scene may have 64 characters
    assert made.scene not in made.page_key
    assert bind_page(binding, made.scene) is None
    assert bind_page(binding, made.page_key) == made


def test_a_code_lives_as_long_as_the_setting_says(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    assert (made.expires_at - NOW).total_seconds() == binding.settings.bindcode_ttl == 300


@pytest.mark.parametrize(("ttl", "lives"), [(1, 30), (300, 300), (99_999_999, 2_592_000)])
def test_the_setting_is_kept_within_bounds(binding: Services, ttl: int, lives: int) -> None:
    assert default_ttl(binding.settings.model_copy(update={"bindcode_ttl": ttl})) == lives


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("bad_app", {"app": ""}),
        ("bad_app", {"app": "a" * 65}),
        ("bad_app", {"app": "crm\n"}),
        ("bad_app", {"app": "客户"}),
        ("bad_ttl", {"ttl": 29}),
        ("bad_ttl", {"ttl": 2_592_001}),
        ("bad_user_ref", {"user_ref": ""}),
        ("bad_user_ref", {"user_ref": "u" * 192}),
        ("bad_user_ref", {"user_ref": "u\x00"}),
        ("unknown_channel", {"channel_name": "nowhere"}),
        ("unknown_channel", {"channel_name": "deaf"}),
    ],
)
@pytest.mark.backends("sqlite")
def test_unusable_values_are_refused_each_with_its_word(
    binding: Services, word: str, changes: dict[str, object]
) -> None:
    with pytest.raises(RefusedError) as refusal:
        create_bind_code(binding, **({"app": "crm", "channel_name": "plain"} | changes))  # type: ignore[arg-type]
    assert refusal.value.code == word


def test_the_qr_code_carries_the_scene_and_lives_as_long(binding: Services, shop: Scannable) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=600)
    assert made.warning is None
    assert shop.scenes == [(made.bindcode.scene, 600)]
    assert made.bindcode.qr_content == f"https://platform.test/q/{made.bindcode.scene}"
    assert made.bindcode.qr_image_url == "https://platform.test/qr.jpg"


def test_a_platform_failure_still_gives_a_code_to_type(binding: Services, shop: Scannable) -> None:
    shop.fail = DOWN
    made = create_bind_code(binding, app="crm", channel_name="shop")
    assert made.bindcode.qr_content is None
    assert made.warning is not None
    assert "(-1)" in made.warning
    assert deliver(binding, typed(made.bindcode.code)) == bound_to("crm")


def test_a_qr_text_too_long_to_keep_gives_a_code_to_type(binding: Services, shop: Scannable) -> None:
    shop.image_url = "https://platform.test/" + "q" * 2000
    made = create_bind_code(binding, app="crm", channel_name="shop")
    assert made.bindcode.qr_content is not None
    assert made.bindcode.qr_image_url is None


@pytest.mark.backends("sqlite")
def test_a_taken_code_is_drawn_again(binding: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["AAAA2222", "AAAA2222", "BBBB3333"])
    monkeypatch.setattr(codes, "typed_code", lambda _length: next(drawn))
    first = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    second = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    assert (first.code, second.code) == ("AAAA2222", "BBBB3333")


@pytest.mark.backends("sqlite")
def test_a_broken_random_source_is_an_error_and_no_endless_loop(
    binding: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "typed_code", lambda _length: "AAAA2222")
    create_bind_code(binding, app="crm", channel_name="plain")
    with pytest.raises(CallgateError, match="No unused bind code"):
        create_bind_code(binding, app="crm", channel_name="plain")


def test_a_pending_code_expires_by_time(binding: Services, clock: FrozenClock) -> None:
    code = create_bind_code(binding, app="crm", channel_name="plain", ttl=30).bindcode.code
    clock.advance(seconds=29)
    assert _status(binding, code) is BindStatus.PENDING
    clock.advance(seconds=1)
    assert _status(binding, code) is BindStatus.EXPIRED


def test_a_bound_code_stays_bound(binding: Services, clock: FrozenClock) -> None:
    code = create_bind_code(binding, app="crm", channel_name="shop", ttl=30).bindcode.code
    deliver(binding, typed(code))
    clock.advance(days=1)
    assert _status(binding, code) is BindStatus.BOUND


def test_a_code_is_found_however_it_is_written(binding: Services) -> None:
    code = create_bind_code(binding, app="crm", channel_name="plain").bindcode.code
    assert _status(binding, f" {code[:4].lower()} {code[4:]} ") is BindStatus.PENDING
    for wrong in ("", "AAAA222", "AAAA2222", "' OR 1=1", "AAAA222\x00", "ＡＡＡＡ2222"):
        assert bind_code_status(binding, wrong) is None


def _status(services: Services, code: str) -> BindStatus | None:
    found = bind_code_status(services, code)
    return None if found is None else found.status


def test_codes_are_forgotten_with_the_events_of_their_time(binding: Services, clock: FrozenClock) -> None:
    made = create_bind_code(binding, app="crm", channel_name="plain", ttl=30).bindcode
    deliver(binding, typed(made.code, channel="plain"))
    clock.advance(days=90)
    tidy(binding)
    assert _status(binding, made.code) is BindStatus.BOUND
    clock.advance(seconds=31)
    tidy(binding)
    assert _status(binding, made.code) is None
    assert len(list_openids_page(binding, app="crm", channel=None, cursor=None, limit=5)["items"]) == 1
