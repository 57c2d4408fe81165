"""The watch as API and terminal show it, and what a channels file may say about it."""

from __future__ import annotations

import threading

import pytest
from click.testing import CliRunner, Result

from app.cli.groups import make_command
from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.factory import build_services, create_app
from app.pipeline.services import Services
from tests.builders import environment
from tests.sending.office import run_due
from tests.watch.post import Post

pytestmark = pytest.mark.backends("sqlite")
TOKEN = {"Authorization": "Bearer ops-token-4d1f8a2b"}


def typed(services: Services, *words: str) -> Result:
    return CliRunner().invoke(make_command("watch", services), list(words))


def test_the_api_lists_what_is_on(post: Post) -> None:
    post.pauses(reason="50 deliveries failed in a row")
    post.looks()
    answer = create_app(services=post.services).test_client().get("/api/v1/alarms", headers=TOKEN)
    assert answer.json is not None
    (item,) = answer.json["items"]
    assert (item["kind"], item["subject"]) == ("destination_paused", "crm")
    assert item["details"] == ["50 deliveries failed in a row"]
    assert item["link"] == "http://localhost:5003/console/destinations"
    assert item["began_at"] == item["told_at"] == "2026-11-20T12:01:00.000Z"


def test_the_api_lists_alarms_in_chinese_and_no_other_language(post: Post) -> None:
    post.pauses()
    post.looks()
    client = create_app(services=post.services).test_client()
    answer = client.get("/api/v1/alarms?language=zh", headers=TOKEN)
    assert answer.json is not None
    assert answer.json["items"][0]["sentence"].startswith("转发目标 crm 已暂停")
    assert client.get("/api/v1/alarms?language=fr", headers=TOKEN).status_code == 400


def test_alarms_need_a_token(post: Post) -> None:
    assert create_app(services=post.services).test_client().get("/api/v1/alarms").status_code == 401


def test_the_terminal_lists_what_is_on(post: Post) -> None:
    assert typed(post.services, "list").output == "No alarm is on.\n"
    post.pauses()
    post.looks()
    assert "Destination crm is paused" in typed(post.services, "list").output
    assert '"kind": "destination_paused"' in typed(post.services, "list", "--json").output


def test_a_suspicion_is_no_alarm_yet(post: Post) -> None:
    post.hear_clocks = lambda: 600.0
    post.looks(2)
    assert typed(post.services, "list").output == "No alarm is on.\n"


def test_a_test_message_arrives_where_the_watch_speaks(post: Post) -> None:
    done: list[Result] = []
    command = threading.Thread(target=lambda: done.append(typed(post.services, "test")))
    command.start()
    while command.is_alive():
        run_due(post.services)
        command.join(0.01)
    assert done[0].exit_code == 0
    assert done[0].output.splitlines()[-1].split() == ["post", "sent"]
    assert "The watch of http://localhost:5003 speaks here" in post.office.texts[0]


def test_a_test_without_channels_says_what_to_write(post: Post) -> None:
    post.configure(channels=[], to=[])
    done = typed(post.services, "test")
    assert done.exit_code == 1
    assert "name channels or message groups under [watch]" in done.output


FILE = """
[channels.ops-robot]
platform = "feishu"
robot_hook = "https://open.feishu.cn/open-apis/bot/v2/hook/2b4f9c71d1e24f2a"

[channels.bank]
platform = "callback"
secret = "callback-3f9d1c7b5a"
"""


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('channels = "nobody"', "'nobody' is no channel or message group"),
        ('channels = "bank"', "'bank' sends nothing"),
        ('to = { user_id = "u1" }', "channels names no channel"),
        ('silent_after = { shop = "2 h" }', "'shop' is no channel"),
        ('silent_after = { bank = "soon" }', "silent_after.bank: must be a time"),
        ('window = "3 d"', "window: must be a time from 1 minute to 1 h"),
        ('off = ["everything"]', "off.0:"),
        ('chanels = "ops-robot"', "chanels is not a known key"),
        ('language = "fr"', "language:"),
        ('channels = "${NOT_SET}"', "needs NOT_SET in the environment"),
        ('channels = "ops-robot"\nto = { planet = "mars" }', "to:"),
    ],
)
def test_what_is_wrong_in_the_table_is_said_at_the_start(tmp_path, table: str, sentence: str) -> None:
    place = tmp_path / "channels.toml"
    place.write_text(f"{FILE}\n[watch]\n{table}\n")
    with pytest.raises(ConfigurationError) as caught:
        build_services(environment(CHANNELS_FILE=str(place), CALLGATE_HOME=str(tmp_path)))
    assert any("[watch]" in fault and sentence in fault for fault in caught.value.faults), caught.value.faults


def test_a_whole_table_is_read() -> None:
    table = '[watch]\nchannels = ["ops-robot"]\nwindow = "5 min"\nsilent_after = { bank = "2 h", ops-robot = "off" }\n'
    watch = parse_channels(FILE + table, {}).watch
    assert watch.window.total_seconds() == 300
    assert watch.silent_after["ops-robot"] is None
