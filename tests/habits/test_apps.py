"""Keys of apps: everybody bound to the app gets the message, and nobody else's key will do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.pipeline.sending.push import app_key
from app.pipeline.services import Services
from app.storage.binding.openids import upsert_openid
from tests.builders import NOW
from tests.sending.office import Office, run_due

pytestmark = pytest.mark.backends("sqlite")


def bind(services: Services, app: str, *people: str) -> None:
    with services.database.begin() as tx:
        for number, person in enumerate(people):
            upsert_openid(
                tx,
                f"{app}{person}{number}".ljust(32, "0"),
                app=app,
                open_id=person,
                channel="post",
                user_ref=None,
                bound_at=NOW + timedelta(seconds=number),
                bindcode_id="b" * 32,
            )


def test_everybody_bound_to_the_app_is_reached(
    client: FlaskClient, gateway: Services, office: Office
) -> None:
    bind(gateway, "crm", "oA", "oB")
    bind(gateway, "shop", "oC")
    answer = client.get(f"/send/{app_key(gateway, 'crm')}?title=t&desp=hello")
    assert answer.get_json()["code"] == 0, answer.text
    run_due(gateway)
    assert sorted(office.reached) == ["oA", "oB"]


def test_a_key_of_another_app_or_secret_is_none(client: FlaskClient, gateway: Services) -> None:
    bind(gateway, "crm", "oA")
    _, proof = app_key(gateway, "shop").split(".")
    for key in (f"crm.{proof}", f".{proof}", "crm.", "crm", f"crm.{proof[:-1]}"):
        assert client.get(f"/send/{key}?title=t").get_json()["code"] == 40001, key


def test_an_app_without_people_is_told(client: FlaskClient, gateway: Services) -> None:
    told = client.get(f"/send/{app_key(gateway, 'empty')}?title=t").get_json()
    assert "Nobody is bound" in told["message"]
