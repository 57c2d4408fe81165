"""Several processes, one voice: whose turn it is, and what a process that dies leaves to the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from app.pipeline.channels import Channels
from app.pipeline.operators.alarms import current_alarms
from app.pipeline.services import Services
from app.pipeline.watch.measures import Look
from app.pipeline.watch.rounds import Watch
from app.storage.alarms import Turn
from tests.builders import exchange
from tests.sending.office import run_due
from tests.watch.post import Post


class Killed(BaseException):
    """The end of a process in the middle of something."""


def minute(post: Post) -> None:
    post.clock.advance(minutes=1)


def test_of_several_processes_one_looks_and_speaks(post: Post) -> None:
    post.pauses()
    watches = [post.another_watch() for _ in range(4)]
    minute(post)
    with ThreadPoolExecutor(4) as pool:
        looked = list(pool.map(lambda watch: watch.look(), watches))
    run_due(post.services)
    assert sorted(looked) == [False, False, False, True]
    assert len(post.office.taken) == 1


def test_a_process_that_slept_over_its_turn_says_nothing(post: Post) -> None:
    def sleeps() -> None:
        post.hear_clocks = lambda: None
        post.resumes()
        minute(post)
        assert post.another_watch().look()

    post.pauses()
    minute(post)
    # The clocks are asked last: what this process found before is old when it has slept.
    post.hear_clocks = sleeps
    assert post.watch.look()
    run_due(post.services)
    assert post.office.taken == []
    assert current_alarms(post.services) == []


def test_a_restart_repeats_nothing(post: Post) -> None:
    post.pauses()
    assert len(post.looks()) == 1
    post.watch = post.another_watch()
    assert post.looks(3) == []


def test_what_a_process_that_dies_while_looking_found_is_told_by_the_next(post: Post) -> None:
    def dies(services: Services, turn: Turn) -> Look:
        raise Killed

    post.pauses()
    minute(post)
    with pytest.raises(Killed):
        Watch(post.services, look=dies).look()
    assert len(post.looks()) == 1


def test_what_dies_with_the_commit_that_tells_is_told_by_the_next(post: Post) -> None:
    commits = []

    def second_is_lost(_connection: object) -> None:
        commits.append(1)
        if len(commits) == 2:
            raise Killed

    post.pauses()
    minute(post)
    engine = post.services.database.engine
    event.listen(engine, "commit", second_is_lost)
    try:
        with pytest.raises(Killed):
            post.watch.look()
    finally:
        event.remove(engine, "commit", second_is_lost)
    run_due(post.services)
    assert post.office.taken == []
    assert len(post.looks(3)) == 1


@pytest.mark.backends("sqlite")
def test_what_could_not_be_said_is_said_when_it_can(post: Post) -> None:
    channels = post.services.channels
    exchange(post.services, channels=Channels([each for each in channels if each.name != "post"]))
    post.pauses()
    with capture_logs() as logs:
        assert post.looks(2) == []
    assert [line["event"] for line in logs if line["event"].startswith("watch")] == ["watch_cannot_speak"] * 2
    assert len(current_alarms(post.services)) == 1
    exchange(post.services, channels=channels)
    assert len(post.looks(3)) == 1


@pytest.mark.backends("sqlite")
def test_a_watch_without_a_voice_writes_to_the_log_and_speaks_once_it_has_one(post: Post) -> None:
    post.configure(channels=[], to=[])
    post.pauses()
    with capture_logs() as logs:
        assert post.looks(3) == []
    assert [line["subject"] for line in logs if line["event"] == "alarm_begins"] == ["crm"]
    post.configure()
    assert len(post.looks(3)) == 1
