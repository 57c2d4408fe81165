"""Passwords apart from their addresses: whatever letters they hold, drivers get exactly them."""

from __future__ import annotations

from pathlib import Path

import pytest
from kombu import Connection
from sqlalchemy.engine import make_url

from app.config.settings import load_settings
from app.core.errors import ConfigurationError
from app.storage.database.address import DatabaseAddress
from tests.builders import environment

ODD = "p@ss:w/o?r#d%41 $HOME${X}'\"\\&=+;,!*()[]{}<>|~`^\t 密码é"
"""Every letter that addresses, shells and dotenv files treat in a way of their own."""

DATABASES = [
    "postgresql://callgate@database:5432/callgate",
    "postgres://callgate@database/callgate?connect_timeout=3",
    "mysql://callgate@database:3306/callgate",
    "mariadb://callgate@[::1]:3306/callgate",
]
BROKERS = ["amqp://callgate@broker:5672//", "redis://broker:6379/0", "redis://callgate@broker:6379/0"]


def settings_with(tmp_path: Path, **values: str) -> dict[str, str]:
    """Return an environment whose passwords come from files, as secret stores write them."""
    for name, password in values.items():
        (tmp_path / name).write_text(password + "\n", encoding="utf-8")
    return {f"{name}_FILE": str(tmp_path / name) for name in values}


@pytest.mark.parametrize("url", DATABASES)
def test_the_databases_driver_gets_the_password_as_it_is_written(url: str, tmp_path: Path) -> None:
    values = settings_with(tmp_path, DATABASE_PASSWORD=ODD)
    settings = load_settings(environment(DATABASE_URL=url, **values))
    found = DatabaseAddress(settings.database_url).url
    assert found.password == ODD
    plain = make_url(url)
    assert (found.username, found.host, found.port, found.database) == (
        plain.username,
        plain.host,
        plain.port,
        plain.database,
    )


@pytest.mark.parametrize("url", BROKERS)
def test_the_brokers_driver_gets_the_password_as_it_is_written(url: str, tmp_path: Path) -> None:
    values = settings_with(tmp_path, CELERY_BROKER_PASSWORD=ODD)
    settings = load_settings(environment(ENGINE="celery", CELERY_BROKER_URL=url, **values))
    with Connection(settings.celery_broker_url) as found, Connection(url) as without:
        assert found.password == ODD
        assert (found.hostname, found.port, found.virtual_host) == (
            without.hostname,
            without.port,
            without.virtual_host,
        )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"DATABASE_URL": "postgresql://a:hunter22@b/c"}, "the address holds a password too"),
        ({"DATABASE_URL": "postgresql://a:hun/ter@b/c"}, "the address holds a password too"),
        ({"DATABASE_URL": "sqlite:///var/x.db"}, "there is no address of a server"),
        ({}, "there is no address of a server"),
    ],
)
def test_a_password_that_fits_nowhere_stops_the_start(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(environment(DATABASE_PASSWORD=ODD, **values))
    (fault,) = [each for each in refused.value.faults if each.startswith("DATABASE_PASSWORD: ")]
    assert said in fault
    assert "hun" not in fault, "no part of a password is told"
    assert ODD not in fault


def test_without_a_password_an_address_stays_as_it_is() -> None:
    url = "postgresql://a:hunter%2F22@b/c"
    assert load_settings(environment(DATABASE_URL=url)).database_url == url
