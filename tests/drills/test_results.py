"""The page of results says what was printed, and what failed."""

from __future__ import annotations

from tests.drills.account import Account, Result
from tests.drills.results import as_page, make_row

RESULT = Result(Account(200, 0, 0, 3, 0, 59), 1.26, 30.4)


def test_a_page_has_a_row_for_each_line() -> None:
    row = make_row("kill of the server", ("sqlite", "embedded"), RESULT, "a remark", is_kept=True)
    page = as_page([row], [], place="2 cores")
    (line,) = [each for each in page.splitlines() if "kill of the server" in each]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        "kill of the server", "sqlite", "embedded", "200", "0", "0", "3", "59", "1.3", "30.4", "a remark"
    ]  # fmt: skip
    assert "2 cores" in page
    assert "Failed" not in page


def test_a_page_keeps_broken_guarantees_apart() -> None:
    kept, broken = (
        make_row(title, ("", ""), Result(RESULT.account), "", is_kept=title == "kept")
        for title in ("kept", "broken")
    )
    before, after = as_page([broken, kept], [], place="").split("broken on purpose")
    assert "| kept" in before
    assert "| broken" in after


def test_a_page_names_the_drills_that_failed() -> None:
    page = as_page([], ["test_broker_gone: failed"], place="")
    assert page.rstrip().endswith("- `test_broker_gone: failed`")
