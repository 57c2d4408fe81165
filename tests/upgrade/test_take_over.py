"""An edited, tracked channels.toml and handlers inside app/ survive the upgrade, whichever way people pull."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.handlers.loading import load_handlers
from tests.upgrade.checkouts import (
    MINE,
    OLD_CHANNELS,
    OLD_EXAMPLES,
    Repository,
    clone,
    move_on,
    old_upstream,
    take_over,
)

EDITED_CHANNELS = OLD_CHANNELS.replace('platform = "callback"', 'platform = "feishu"', 1)
EDITED_EXAMPLES = OLD_EXAMPLES.replace('print("payment", event.id)', 'print("PAID", event.id)')


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    return old_upstream(tmp_path / "upstream")


@pytest.fixture
def checkout(upstream: Repository, tmp_path: Path) -> Repository:
    """A clone of the old layout; the upstream has moved on since."""
    cloned = clone(upstream, tmp_path / "checkout")
    move_on(upstream)
    return cloned


def edit(checkout: Repository) -> None:
    checkout.write("channels.toml", EDITED_CHANNELS)
    checkout.write("app/handlers/examples.py", EDITED_EXAMPLES)
    checkout.write("app/handlers/mine.py", MINE)


def assert_taken_over(checkout: Repository, channels: str = EDITED_CHANNELS) -> None:
    assert checkout.read("channels.toml") == channels
    assert EDITED_EXAMPLES in checkout.read("handlers/examples.py")
    assert MINE in checkout.read("handlers/mine.py")
    assert not checkout.has("app/handlers/examples.py")
    assert not checkout.has("app/handlers/mine.py")
    assert "# new in this version" in checkout.read("channels.example.toml")
    assert "feishu" not in checkout.read("channels.example.toml")
    assert "PAID" not in checkout.read("examples/handlers/examples.py")
    assert not checkout.git("ls-files", "channels.toml", "handlers").strip()


def test_run_before_the_pull_lets_it_through_and_keeps_every_edit(checkout: Repository) -> None:
    edit(checkout)
    assert "would be overwritten" in checkout.git("pull", may_fail=True)
    assert "git pull && make upgrade" in take_over(checkout)
    assert checkout.has("app/handlers/mine.py"), "the gateway that runs still needs it"
    checkout.git("pull", "--quiet")
    take_over(checkout)
    assert_taken_over(checkout)
    assert checkout.status() == ""
    assert not list((checkout.folder / "var" / "take-over").rglob("*.*"))


def test_an_edit_that_was_put_on_the_stash_comes_back(checkout: Repository) -> None:
    edit(checkout)
    checkout.git("stash")
    checkout.git("pull", "--quiet")
    checkout.git("stash", "pop", may_fail=True)
    take_over(checkout)
    assert checkout.read("channels.toml").count("feishu") == 1
    assert "PAID" in checkout.read("handlers/examples.py")
    assert MINE in checkout.read("handlers/mine.py")
    assert checkout.status() == ""


def test_a_stash_that_meets_a_conflict_is_settled(checkout: Repository, upstream: Repository) -> None:
    upstream.write("channels.example.toml", "# all new\n" * 5)
    upstream.write("examples/handlers/examples.py", '"""All new."""\n')
    upstream.commit("Another layout")
    edit(checkout)
    checkout.git("pull", "--quiet", "--autostash", may_fail=True)
    assert "U" in checkout.status()
    assert "git stash drop" in take_over(checkout)
    assert checkout.read("channels.toml") == EDITED_CHANNELS
    assert EDITED_EXAMPLES in checkout.read("handlers/examples.py")
    assert checkout.read("channels.example.toml") == "# all new\n" * 5
    assert checkout.status() == ""


@pytest.mark.parametrize("way", ["--no-rebase", "--rebase"])
def test_committed_edits_survive_a_pull_that_git_settles_by_itself(checkout: Repository, way: str) -> None:
    edit(checkout)
    checkout.commit("Our own")
    checkout.git("pull", "--quiet", "--no-edit", way, may_fail=True)
    printed = take_over(checkout)
    assert_taken_over(checkout)
    assert "git commit" in printed
    checkout.git("commit", "--quiet", "--message", "Own files are no longer tracked")
    assert checkout.status() == ""


@pytest.mark.parametrize("way", ["--no-rebase", "--rebase"])
def test_committed_edits_survive_a_pull_that_ends_in_a_conflict(
    checkout: Repository, upstream: Repository, way: str
) -> None:
    changed = upstream.read("channels.example.toml").replace(
        'platform = "callback"', 'platform = "wechat"', 1
    )
    upstream.write("channels.example.toml", changed)
    upstream.commit("The same line as the user's")
    edit(checkout)
    checkout.commit("Our own")
    assert "CONFLICT" in checkout.git("pull", way, may_fail=True)
    printed = take_over(checkout)
    assert checkout.read("channels.toml") == EDITED_CHANNELS
    assert checkout.read("channels.example.toml") == changed
    assert EDITED_EXAMPLES in checkout.read("handlers/examples.py")
    finish = "rebase" if way == "--rebase" else "commit"
    assert f"git {finish}" in printed
    checkout.git(*("rebase --continue" if way == "--rebase" else "commit --quiet --no-edit").split())
    take_over(checkout)
    assert checkout.read("channels.toml") == EDITED_CHANNELS
    assert MINE in checkout.read("handlers/mine.py")


def test_a_file_nobody_edited_is_brought_back_as_it_was(checkout: Repository) -> None:
    checkout.git("pull", "--quiet")
    assert not checkout.has("channels.toml")
    take_over(checkout)
    assert checkout.read("channels.toml") == OLD_CHANNELS
    assert not checkout.has("handlers"), "examples that nobody edited are not the user's"
    assert checkout.status() == ""


def test_nothing_that_exists_is_written_over(checkout: Repository) -> None:
    edit(checkout)
    checkout.write("handlers/mine.py", "# written by hand\n")
    take_over(checkout)
    checkout.git("pull", "--quiet")
    checkout.write("channels.toml", "# already there\n")
    printed = take_over(checkout)
    assert checkout.read("channels.toml") == "# already there\n"
    assert checkout.read("handlers/mine.py") == "# written by hand\n"
    assert checkout.read("var/take-over/channels.toml") == EDITED_CHANNELS
    assert checkout.read("app/handlers/mine.py") == MINE
    assert printed.count("compare the two") == 2


def test_an_edit_after_the_copy_stops_instead_of_losing_one_of_them(checkout: Repository) -> None:
    edit(checkout)
    take_over(checkout)
    checkout.write("channels.toml", "# edited again\n")
    with pytest.raises(AssertionError, match="edited again after"):
        take_over(checkout)
    assert checkout.read("channels.toml") == "# edited again\n"
    assert checkout.read("var/take-over/channels.toml") == EDITED_CHANNELS


def test_a_second_run_changes_nothing(checkout: Repository) -> None:
    edit(checkout)
    for _ in range(2):
        take_over(checkout)
    checkout.git("pull", "--quiet")
    take_over(checkout)
    assert take_over(checkout) == ""
    assert_taken_over(checkout)


def test_own_files_go_to_the_home_that_is_named(checkout: Repository, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    edit(checkout)
    take_over(checkout, home=home)
    checkout.git("pull", "--quiet")
    take_over(checkout, home=home)
    assert (home / "channels.toml").read_text() == EDITED_CHANNELS
    assert MINE in (home / "handlers" / "mine.py").read_text()
    assert not checkout.has("channels.toml")
    assert not checkout.has("handlers")


def test_a_module_that_was_moved_keeps_its_neighbours_and_its_routes_names(checkout: Repository) -> None:
    checkout.write("app/handlers/prices.py", "RATE = 7\n")
    checkout.write("app/handlers/mine.py", "from app.handlers.prices import RATE\n" + MINE)
    checkout.git("pull", "--quiet")
    take_over(checkout)
    loaded = load_handlers(checkout.folder / "handlers")
    assert [route.name for route in loaded.router.routes] == ["app.handlers.mine.f"]


def test_a_developers_edit_of_an_example_stays_where_it_is(checkout: Repository) -> None:
    checkout.git("pull", "--quiet")
    take_over(checkout)
    checkout.write("channels.example.toml", "# work on the product\n")
    checkout.write("examples/handlers/examples.py", "# work on the product\n")
    checkout.git("fetch")
    take_over(checkout)
    assert checkout.read("channels.example.toml") == "# work on the product\n"
    assert checkout.read("channels.toml") == OLD_CHANNELS
