"""The examples of the pages on notifications start a gateway, and their template says what it should."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.config.channels import parse_channels
from app.core.values import Event
from app.pipeline.sending.notices import open_notification
from app.pipeline.sending.templates import compile_message

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"notifications.md": "FIRING: db1", "notifications.zh-CN.md": "FIRING：db1"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code of a page in one language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [each.partition("```")[0] for each in text.split(f"```{language}\n")[1:]]


def event(**data: str) -> Event:
    return Event("0" * 32, "shop", "shop", "t", "k", None, NOW, NOW, data, b"{}", ())


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_table_of_a_page_can_be_used(page: str) -> None:
    tables = blocks(page, "toml")
    found = parse_channels("".join(tables), {}).notifications
    assert [each.name for each in found] == ["alertmanager", "large-payments", "on-call"]
    for config in found:
        assert open_notification(config, Path("nowhere")).say([event()]).text.strip()


@pytest.mark.parametrize("page", sorted(PAGES))
def test_the_template_of_a_page_says_what_it_is_for(page: str) -> None:
    (source,) = blocks(page, "jinja")
    template = compile_message("page", source, title="", written_in="markdown")
    said = template.say([event(host="db2"), event(host="db1", state="firing", text="down")])
    assert said.title == PAGES[page]
    assert "down" in said.text
    assert r"2026\-11\-20 20\:00\:00" in said.text
    assert said.text.endswith("- db2\n- db1\n")
