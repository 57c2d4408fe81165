"""What waits too long is given up in words; texts that nobody can be asked to shorten are cut with a mark."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.config.channels import ChannelConfig
from app.core.errors import RequestError
from app.pipeline.channels import Channels
from app.pipeline.operators.messages import Resend, resend_message
from app.pipeline.sending.cutting import cut_at, with_cut_text
from app.pipeline.services import Services
from tests.builders import FrozenClock, exchange
from tests.sending.office import Clerk, Office, ask, channel_of, run_due, shown, states

WAIT = (429, {"wait": 7 * 86_400})


def test_what_waits_longer_than_its_lifetime_is_given_up_in_words(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answers(WAIT)
    message_id = ask(gateway, lifetime="2 h")
    run_due(gateway)
    waiting = shown(gateway, message_id)["channels"][0]
    assert waiting["waits_until"].startswith("2026-11-20T14:00:00"), "no longer than it lives"
    clock.advance(minutes=119)
    assert run_due(gateway) == 0
    clock.advance(minutes=1)
    run_due(gateway)
    message = shown(gateway, message_id)
    assert (message["state"], message["channels"][0]["error"]) == ("dead", "gave_up")
    assert "(2 h)" in message["channels"][0]["message"]
    assert "20 a minute are allowed." in message["channels"][0]["message"]
    assert (states(gateway, message_id), len(office.calls)) == (["failed"], 1)


def test_a_message_of_a_gateway_that_was_away_is_not_sent_days_later(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    message_id = ask(gateway)
    clock.advance(days=4)
    run_due(gateway)
    assert (shown(gateway, message_id)["state"], office.calls) == ("dead", [])
    assert "(3 d)" in shown(gateway, message_id)["channels"][0]["message"]


def test_who_was_reached_stays_reached(gateway: Services, office: Office, clock: FrozenClock) -> None:
    office.answers((200, {"id": "m1"}), WAIT)
    message_id = ask(gateway, to=[{"user_id": "u1"}, {"user_id": "u2"}], lifetime=600)
    run_due(gateway)
    clock.advance(minutes=11)
    run_due(gateway)
    assert (states(gateway, message_id), shown(gateway, message_id)["state"]) == (
        ["sent", "failed"],
        "partly",
    )


def test_a_resend_lives_anew(gateway: Services, office: Office, clock: FrozenClock) -> None:
    office.answers(WAIT)
    message_id = ask(gateway, lifetime="1 h")
    run_due(gateway)
    clock.advance(days=8)
    run_due(gateway)
    assert states(gateway, message_id) == ["failed"]
    resend_message(gateway, message_id, Resend(), actor="ops")
    clock.advance(minutes=59)
    run_due(gateway)
    assert states(gateway, message_id) == ["sent"]


def test_a_channel_has_a_lifetime_of_its_own(
    services: Services, office: Office, clerk: Clerk, clock: FrozenClock
) -> None:
    made = channel_of(clerk, None)  # type: ignore[arg-type]
    config = ChannelConfig(name="post", platform="office", message_lifetime="5 min")  # type: ignore[arg-type]
    exchange(services, channels=Channels([type(made)(config, made.spec, clerk, made.http, (), ())]))
    message_id = ask(services)
    clock.advance(minutes=6)
    run_due(services)
    assert "(5 min)" in shown(services, message_id)["channels"][0]["message"]


@pytest.mark.parametrize("lifetime", ["", "soon", "9 s", "8 d", 5, 10**9, True, [], "1e9 s", "３ d"])
def test_a_lifetime_that_is_none_is_refused(gateway: Services, lifetime: object) -> None:
    with pytest.raises(RequestError) as caught:
        ask(gateway, lifetime=lifetime)
    assert (caught.value.code, "lifetime must be" in caught.value.message) == ("bad_message", True)


def takes(most: int) -> Callable[[str], str]:
    def say(text: str) -> str:
        if len(text) > most:
            raise RequestError("text_too_long", "It is too long.")
        return text

    return say


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert with_cut_text("a\nb", "markdown", takes(10)) == "a\nb"


@pytest.mark.parametrize("most", [50, 1000, 9_999])
def test_a_text_that_is_too_long_is_cut_with_what_is_missing(most: int) -> None:
    text = "\n".join(f"line {number} of many" for number in range(800))
    said = with_cut_text(text, "markdown", takes(most))
    kept, _, mark = said.partition("\n\n… (+")
    assert text.startswith(kept)
    assert mark == f"{len(text) - len(kept):,})"
    assert most * 3 // 8 < len(said) <= most


def test_what_a_cut_leaves_open_is_closed() -> None:
    assert cut_at("```\n" + "x\n" * 50, 40, "markdown").count("```") == 2
    assert cut_at("<b>one</b><a href='long'>two</a>", 14, "html") == "<b>one</b><p>… (+22)</p>"


def test_a_cut_leaves_no_half_of_a_sign() -> None:
    assert cut_at("👨‍👩‍👧" * 4, 12, "text").startswith("👨‍👩‍👧👨‍👩‍👧\n")


def test_another_fault_of_a_text_is_told_as_it_is() -> None:
    def say(_: str) -> None:
        raise RequestError("no_text", "There is nothing to say.")

    with pytest.raises(RequestError) as caught:
        with_cut_text("x" * 100, "text", say)
    assert caught.value.code == "no_text"
