"""[[login_groups]] of a channels file: what cannot work is refused at the start, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.factory import build_services
from tests.builders import environment

FILE = """
[channels.official]
platform = "wechat"
app_id = "wx0123456789abcdef"
app_secret = "3f9d1c7b5a3f9d1c7b5a3f9d1c7b5a00"
token = "5b1c9d27b3e84a60"
mode = "plain"

[channels.site]
platform = "wechat-web"
app_id = "wx1123456789abcdef"
app_secret = "${SITE_SECRET}"

[channels.alerts]
platform = "alertmanager"
token = "5f1c9d27b3e84a60"

[channels.shop]
platform = "callback"
secret = "${SHOP_SECRET}"
"""


def faults_of(tmp_path: Path, groups: str, **env: str) -> str:
    """Start a gateway with these groups; return what it says against them."""
    (tmp_path / "channels.toml").write_text(FILE + groups, encoding="utf-8")
    values = environment(CALLGATE_HOME=str(tmp_path), DATABASE_URL="sqlite:///x.db", **env)
    try:
        build_services(values).database.close()
    except ConfigurationError as error:
        return "\n".join(error.faults)
    return ""


@pytest.mark.parametrize(
    ("name", "channels", "said"),
    [
        ("w", ["official", "site"], ""),
        ("official", ["official", "site"], ""),
        ("alerts", ["official", "site"], "'alerts' has the name of a channel that is not in it"),
        ("shop", ["official"], "'shop' has the name of a channel that is not in it"),
        ("w", ["official", "gone"], "'w' names the channel 'gone', which is not in the channels file"),
        (
            "w",
            ["official", "alerts"],
            "'w' names the channel 'alerts', whose platform (alertmanager) logs nobody in",
        ),
        ("w", ["official", "official"], "names official twice"),
        ("w", [], "channels: "),
        ("W W", ["official"], "may hold only a-z"),
        ("../w", ["official"], "may hold only a-z"),
        ("w" * 65, ["official"], "64 at most"),
    ],
)
def test_a_group_that_cannot_work_is_refused_in_words(
    tmp_path: Path, name: str, channels: list[str], said: str
):
    told = faults_of(tmp_path, f'[[login_groups]]\nname = "{name}"\nchannels = {channels}\n')
    assert said in told
    assert bool(told) == bool(said)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ('login_groups = "x"', "login_groups must be written as [[login_groups]]"),
        ('[[login_groups]]\nname = "a"', "channels is missing"),
        ('[[login_groups]]\nname = "a"\nchannels = ["site"]\nicon = 1', "icon is not a known key"),
        (
            '[[login_groups]]\nname = "a"\nchannels = ["site"]\n[[login_groups]]\nname = "a"\nchannels = ["official"]',
            "two login groups are called 'a'",
        ),
        (
            '[[login_groups]]\nname = "a"\nchannels = ["site"]\n[[login_groups]]\nname = "b"\nchannels = ["site"]',
            "'b' names the channel 'site', which is in 'a' already",
        ),
    ],
)
def test_tables_that_are_not_groups_are_refused_in_words(tmp_path: Path, groups: str, said: str):
    if groups.startswith("login_groups"):
        with pytest.raises(ConfigurationError) as caught:
            parse_channels(groups, {})
        assert said in "\n".join(caught.value.faults)
        return
    assert said in faults_of(tmp_path, groups)


def test_a_channel_whose_key_is_not_set_is_no_fault(tmp_path: Path):
    group = '[[login_groups]]\nname = "w"\nchannels = ["official", "site"]\n'
    assert faults_of(tmp_path, group) == ""
    assert faults_of(tmp_path, group, SITE_SECRET="8b1c9d27b3e84a60") == ""


def test_a_channel_without_the_key_of_its_login_is_no_fault(tmp_path: Path):
    group = '[[login_groups]]\nname = "w"\nchannels = ["silent", "site"]\n'
    silent = (
        '[channels.silent]\nplatform = "wechat"\napp_id = "wx2"\ntoken = "5b1c9d27b3e84a60"\nmode = "plain"\n'
    )
    assert faults_of(tmp_path, silent + group) == ""
