"""Each kind of alarm begins once, is not repeated, and ends once; what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.core.clock import SystemClock
from app.core.errors import UpstreamError
from app.pipeline.channels import Channels
from app.pipeline.tokens.account_tokens import refresh_account_token
from app.pipeline.tokens.authorisations import redeem_code
from app.storage.app_tokens import app_tokens
from tests.binding.fakes import channel
from tests.builders import FrozenClock, exchange
from tests.sending.office import Answer, ask, run_due
from tests.tokens.accounts import CHANNEL, House
from tests.watch.post import Post


def told_of(texts: list[str]) -> list[str]:
    """Return the bold first lines of what was sent."""
    return [line.strip("*") for text in texts for line in text.split("\n") if line.startswith("**")]


def test_a_channel_that_refuses_is_told_once_and_so_is_its_end(post: Post) -> None:
    post.refuses(12)
    post.takes(3)
    assert told_of(post.looks(5)) == ["Alarm: callback: 12 of 15 callbacks failed within 10 min"]
    assert told_of(post.looks(20)) == ["Over: callback: callbacks succeed again"]
    assert post.looks(5) == []


def test_what_is_told_names_the_reason_and_the_place_in_the_console(post: Post) -> None:
    post.refuses(8)
    post.refuses(12, reason="timestamp too old")
    (text,) = post.looks()
    assert "20 were refused, most often: timestamp too old" in text
    assert "[Open the console](http://localhost:5003/console/channels/callback)" in text


def test_handlers_that_fail_count_like_refusals(post: Post) -> None:
    post.fails(9)
    post.refuses(1)
    post.takes(5)
    (text,) = post.looks()
    assert told_of([text]) == ["Alarm: callback: 10 of 15 callbacks failed within 10 min"]
    assert "9 failed afterwards, the last in route-0: –" in text


def test_a_few_failures_among_many_callbacks_are_no_alarm(post: Post) -> None:
    post.refuses(12)
    post.takes(13)
    assert post.looks(3) == []


def test_fewer_than_the_least_number_are_no_alarm(post: Post) -> None:
    post.refuses(9)
    assert post.looks(3) == []


def test_ten_times_as_bad_is_told_again(post: Post) -> None:
    post.refuses(10)
    assert len(post.looks(2)) == 1
    post.refuses(80)
    assert post.looks() == []
    post.refuses(10)
    assert told_of(post.looks(3)) == ["Worse: callback: 100 of 100 callbacks failed within 10 min"]


def test_a_channel_that_was_given_a_time_is_silent_after_it(post: Post) -> None:
    post.configure(silent_after={"callback": "5 min"})
    post.takes(1)
    assert post.looks(5) == []
    assert told_of(post.looks(3)) == ["Alarm: callback: no callback for 6 min"]
    post.takes(1)
    assert told_of(post.looks(2)) == ["Over: callback: callbacks arrive again"]


def fill_days(post: Post, days: tuple[int, ...]) -> None:
    """Have ten events at this hour of earlier days."""
    for day in days:
        post.takes(10, ago=timedelta(days=day) - timedelta(minutes=30))


def rest(post: Post, hours: int) -> list[str]:
    """Let hours pass with a look every five minutes."""
    told = []
    for _ in range(hours * 12):
        post.clock.advance(minutes=4)
        told += post.looks()
    return told


@pytest.mark.backends("sqlite")
def test_a_channel_is_silent_when_most_days_had_traffic_at_this_hour(post: Post) -> None:
    fill_days(post, (1, 2, 3, 5, 7))
    (text,) = rest(post, 6)
    assert "At this time there were some on most of the last 7 days" in text
    assert "callback: no callback for " in text


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("days", [(1, 2, 3, 7), (1, 2, 3, 4, 5, 6)], ids=["too-few-days", "not-a-week-ago"])
def test_a_channel_that_is_often_quiet_at_this_hour_is_not_silent(post: Post, days: tuple[int, ...]) -> None:
    fill_days(post, days)
    assert rest(post, 3) == []


@pytest.mark.backends("sqlite")
def test_silence_while_the_gateway_was_down_is_nobodys(post: Post) -> None:
    post.configure(silent_after={"callback": "10 min"})
    post.takes(1)
    post.looks(5)
    post.clock.advance(hours=5)
    assert post.looks(10) == []
    assert len(post.looks(3)) == 1


def test_a_paused_destination_is_told_with_its_reason(post: Post) -> None:
    post.pauses(reason="50 failed; the last: token=4f2a9c71d1e2 refused")
    (text,) = post.looks(3)
    assert told_of([text]) == ["Alarm: Destination crm is paused, 0 deliveries wait"]
    assert "4f2a9c71d1e2" not in text
    post.resumes()
    assert told_of(post.looks(3)) == ["Over: Destination crm is no longer paused"]


def test_a_pause_of_a_destination_that_is_configured_no_more_is_nobodys(post: Post) -> None:
    post.pauses("old-one")
    assert post.looks(2) == []


def test_new_dead_letters_are_told_and_old_ones_are_not(post: Post) -> None:
    post.dies(2)
    assert told_of(post.looks(2)) == ["Alarm: 2 dispatches failed for good within 1 h"]
    post.clock.advance(minutes=57)
    assert post.looks() == []
    assert told_of(post.looks(3)) == [
        "Over: Nothing more failed for good; what did is still among the dead letters"
    ]
    post.dies()
    assert told_of(post.looks(2)) == ["Alarm: 1 dispatches failed for good within 1 h"]


@pytest.mark.backends("sqlite")
def test_a_message_of_its_own_that_dies_is_no_news(post: Post) -> None:
    post.office.answer = lambda call: (403, {})
    post.pauses()
    post.looks()
    assert len(post.office.calls) == 1
    post.looks(3)
    assert len(post.office.calls) == 1


@pytest.mark.backends("sqlite")
def test_a_message_of_somebody_else_that_dies_is_told(post: Post) -> None:
    answers: list[Answer] = [(403, {})]
    post.office.answer = lambda call: answers.pop() if answers else (200, {"id": "m1"})
    ask(post.services)
    run_due(post.services)
    (text,) = post.looks(2)
    assert "messages:post" in text


def write_token(post: Post, **values: object) -> None:
    with post.services.database.begin() as tx:
        row = {"channel": "post", "kind": "app", "version": 1} | values
        tx.execute(app_tokens.delete())
        tx.execute(app_tokens.insert().values(**row))


def test_a_token_that_cannot_be_renewed_is_told_after_three_looks(post: Post) -> None:
    ends = post.clock.now() + timedelta(minutes=30)
    write_token(post, last_error="invalid appsecret", expires_at=ends)
    assert post.looks(2) == []
    (text,) = post.looks(3)
    assert told_of([text]) == ["Alarm: post: the app token cannot be renewed"]
    assert "invalid appsecret" in text
    write_token(post, expires_at=ends)
    assert told_of(post.looks(2)) == ["Over: post: tokens are renewed again"]


@pytest.mark.backends("sqlite")
def test_tokens_of_accounts_that_cannot_be_renewed_are_one_alarm_for_their_channel(post: Post) -> None:
    house = House()
    exchange(post.services, channels=Channels([*post.services.channels, channel(CHANNEL, house)]))
    for number in (1, 2):
        house.tokens = replace(house.tokens, account=f"wx{number}")
        redeem_code(post.services, CHANNEL, f"code-{number}")
    house.fail = UpstreamError("platform_refused", "the ticket is missing")
    for account in ("wx1", "wx2"):
        with pytest.raises(UpstreamError):
            refresh_account_token(post.services, CHANNEL, account)
    (text,) = post.looks(4)
    assert told_of([text]) == ["Alarm: house: tokens of 2 accounts cannot be renewed"]
    assert "the ticket is missing" in text


@pytest.mark.backends("sqlite")
def test_a_disk_without_room_is_told_and_its_end_not_at_once(post: Post) -> None:
    post.configure(least_free_disk_mb=10**9)
    (text,) = post.looks(2)
    assert "MiB are left on the disk" in text
    post.configure(least_free_disk_mb=1)
    assert post.looks(4) == []
    assert told_of(post.looks()) == ["Over: The disk has room again"]


def test_a_clock_that_differs_from_the_platforms_is_told(post: Post) -> None:
    post.hear_clocks = lambda: 600.0
    (text,) = post.looks(4)
    assert told_of([text]) == ["Alarm: The clock of box is 600 s slow"]
    assert "Compared with the platforms" in text
    post.hear_clocks = lambda: -2.0
    assert told_of(post.looks(4)) == ["Over: The clock of box is right again"]


@pytest.mark.backends("postgresql", "mariadb")
def test_a_clock_that_differs_from_the_databases_is_told(post: Post) -> None:
    post.machine_clock = FrozenClock(SystemClock().now() + timedelta(hours=2))
    (text,) = post.looks(3)
    assert "The clock of box is 7" in text
    assert "s fast" in text
    assert "Compared with the database server" in text


@pytest.mark.backends("sqlite")
def test_a_kind_that_is_off_is_not_looked_for(post: Post) -> None:
    post.configure(off=["destination_paused"])
    post.pauses()
    assert post.looks(2) == []


@pytest.mark.backends("sqlite")
def test_the_watch_speaks_chinese(post: Post) -> None:
    post.configure(language="zh")
    post.refuses(12)
    post.pauses()
    (text,) = post.looks()
    assert "告警：callback：10 分钟内 12 次回调中有 12 次失败" in text
    assert "转发目标 crm 已暂停" in text
    assert "打开控制台" in text


@pytest.mark.backends("sqlite")
def test_one_measure_that_fails_hides_no_other(post: Post) -> None:
    def lost() -> float:
        raise LookupError

    post.hear_clocks = lost
    post.pauses()
    with capture_logs() as logs:
        assert len(post.looks(2)) == 1
    assert {line["kind"] for line in logs if line["event"] == "watch_cannot_measure"} == {"clock_off"}
