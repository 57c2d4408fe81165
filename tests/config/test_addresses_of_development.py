"""`make run` at other ports: they are written into new own files and taken from those that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.own_files import Addresses, write_for_development
from app.cli.start import chosen_addresses
from app.config.environment import read_environment
from app.config.settings import load_settings

OTHER = Addresses("http://localhost:6003", "http://localhost:6004")


def test_the_usual_ports_are_taken_unless_others_are_wished_for(tmp_path: Path) -> None:
    assert chosen_addresses(tmp_path / ".env", ("", "")) == Addresses()
    assert chosen_addresses(tmp_path / ".env", ("6003", "6004")) == OTHER


def test_new_settings_hold_the_other_addresses_everywhere(tmp_path: Path) -> None:
    write_for_development(tmp_path, OTHER)
    written = read_environment(tmp_path / ".env")
    settings = load_settings({**written, "CALLGATE_HOME": str(tmp_path)})
    assert (settings.public_base_url, settings.sandbox_url) == OTHER
    assert written["FEISHU_API_BASE"] == "http://localhost:6004/feishu"
    assert ":5004" not in (tmp_path / ".env").read_text(encoding="utf-8")


def test_existing_settings_say_the_ports_afterwards(tmp_path: Path) -> None:
    write_for_development(tmp_path, OTHER)
    assert chosen_addresses(tmp_path / ".env", ("", "")) == OTHER


def test_a_wish_against_existing_settings_is_told_and_not_followed(tmp_path: Path) -> None:
    write_for_development(tmp_path)
    told = chosen_addresses(tmp_path / ".env", ("6003", ""))
    assert isinstance(told, str)
    assert "PUBLIC_BASE_URL" in told


@pytest.mark.parametrize(
    "address", ["https://gate.example.com", "http://gate.example.com:8000", "http://localhost:x"]
)
def test_an_address_elsewhere_leaves_the_usual_port(tmp_path: Path, address: str) -> None:
    (tmp_path / ".env").write_text(f"PUBLIC_BASE_URL={address}\n")
    assert chosen_addresses(tmp_path / ".env", ("", "")) == Addresses()


@pytest.mark.parametrize("wish", ["x", "0", "70000", "-1"])
def test_what_is_no_port_is_told(tmp_path: Path, wish: str) -> None:
    assert "is no port" in chosen_addresses(tmp_path / ".env", (wish, ""))
