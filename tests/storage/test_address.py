"""DATABASE_URL: the usual forms are taken, numbers in the query are numbers, and what cannot be read is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ConfigurationError
from app.factory import build_services
from app.storage.database.address import DatabaseAddress
from app.storage.database.db import Database
from tests.builders import environment


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("PostgreSQL+psycopg2://u:p@h/d", "postgresql+psycopg"),
        ("mysql://u:p@h/d", "mysql+pymysql"),
        ("mariadb://u:p@h/d", "mysql+pymysql"),
        ("mysql2://u:p@h/d", "mysql+pymysql"),
        ("sqlite:////var/x.db", "sqlite"),
    ],
)
def test_the_usual_forms_of_an_address_are_taken(written: str, driver: str) -> None:
    assert DatabaseAddress(written).url.drivername == driver


@pytest.mark.parametrize(
    "written",
    [
        "nonsense",
        "jdbc:postgresql://h/d",
        "oracle://u:hidden@h/d",
        "postgresql:/h/d",
        "postgresql://u:hidden@h:port/d",
        "postgresql://u:hidden@h/d?autocommit=1",
        "postgresql://u:hidden@h/d?no_such_option=1",
        "mysql://u:hidden@h/d?ssl-mode=REQUIRED",
        "postgresql://u:hidden@h/d?connect_timeout=soon",
        "postgresql://u:hidden@h/d?prepare_threshold=often",
        "mysql://u:hidden@h/d?connect_timeout=1.5s",
    ],
)
def test_an_address_that_cannot_be_read_is_one_sentence_without_its_password(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "channels.toml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        build_services(environment(CALLGATE_HOME=str(tmp_path), DATABASE_URL=written))
    (fault,) = caught.value.faults
    assert fault.startswith("DATABASE_URL: ")
    assert "hidden" not in fault


def test_a_number_in_the_query_is_a_number(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        query = "?timeout=5&cached_statements=64"
    elif database_url.startswith("mysql"):
        query = "?connect_timeout=4&max_allowed_packet=1048576&read_timeout=30"
    else:
        query = "?connect_timeout=4&prepare_threshold=3&keepalives_idle=30&application_name=7"
    database = Database(database_url + query)
    assert database.is_reachable()
    database.close()
