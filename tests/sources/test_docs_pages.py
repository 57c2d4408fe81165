"""The page that a source's platform names is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.platforms import Platforms
from tests.sources.judging import SLUGS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_source_names_a_page_that_exists(slug: str) -> None:
    assert (ROOT / Platforms()[slug].docs_url).is_file()
