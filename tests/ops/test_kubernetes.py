"""The manifests of ops/kubernetes: of the form Kubernetes takes, joined with each other, and as guarded as they say."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config.channels import parse_channels
from app.config.settings import Settings, load_settings
from app.factory import create_app
from app.handlers.loading import load_handlers
from app.pipeline.services import Services
from tests.builders import SECRET_KEY
from tests.ops.kubernetes import FOLDER, manifests, of_kind, slips

PODS = {each["metadata"]["name"]: each["spec"]["template"] for each in of_kind("Deployment")}


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in of_kind(kind)}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]


@pytest.mark.parametrize(
    "manifest", manifests(), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_each_object_is_of_the_form_that_kubernetes_takes(manifest: dict[str, Any]) -> None:
    assert slips(manifest) == []
    assert manifest["metadata"].get("namespace", "callgate") == "callgate"


def test_a_slip_in_a_manifest_is_seen() -> None:
    (gateway,) = (each for each in of_kind("Deployment") if each["metadata"]["name"] == "gateway")

    def slips_after(change: Callable[[dict[str, Any]], object]) -> list[str]:
        changed = copy.deepcopy(gateway)
        change(changed["spec"])
        return slips(changed)

    assert slips_after(lambda spec: spec.pop("selector")) == ["Deployment.spec.selector is missing"]
    assert slips_after(lambda spec: spec.update(replicas="2")) != []
    assert slips_after(lambda spec: spec["template"]["spec"].update(container=[])) != []
    assert slips_after(lambda spec: spec["template"]["spec"]["containers"][0].update(ports={})) != []


def test_every_file_is_applied_but_the_examples() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    files = {path.name for path in FOLDER.glob("*.yaml")}
    assert set(kustomization["resources"]) == files - {"kustomization.yaml", "secret.example.yaml"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_no_more_than_it_needs(name: str) -> None:
    spec = PODS[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(PODS[name]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
        assert all(
            mount.get("readOnly") or mount["name"] == "temporary" for mount in container["volumeMounts"]
        )


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_names_is_there(name: str) -> None:
    spec = PODS[name]["spec"]
    volumes = {each["name"] for each in spec["volumes"]}
    maps = {each["configMap"]["name"] for each in spec["volumes"] if "configMap" in each}
    assert maps <= named("ConfigMap").keys()
    for container in containers(PODS[name]):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        sources = container["envFrom"]
        assert [each["configMapRef"]["name"] for each in sources if "configMapRef" in each] == [
            "callgate-settings"
        ]
        assert [each["secretRef"]["name"] for each in sources if "secretRef" in each] == ["callgate"]
    assert len({container["image"] for container in containers(PODS[name])}) == 1


def test_what_chooses_pods_chooses_some() -> None:
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    chosen = [
        *(each["spec"]["selector"] for each in of_kind("Service")),
        *(each["spec"]["selector"]["matchLabels"] for each in of_kind("PodDisruptionBudget")),
        *(each["spec"]["podSelector"]["matchLabels"] for each in of_kind("NetworkPolicy")),
        *(each["spec"]["selector"]["matchLabels"] for each in of_kind("Deployment")),
    ]
    for selector in chosen:
        assert any(selector.items() <= each.items() for each in labels), selector
    (service,), (ingress,) = of_kind("Service"), of_kind("Ingress")
    ports = {port["name"] for port in containers(PODS["gateway"])[-1]["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == service["metadata"]["name"]
    assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def test_a_gateway_can_be_replaced_without_a_moment_alone() -> None:
    (gateway,) = (each["spec"] for each in of_kind("Deployment") if each["metadata"]["name"] == "gateway")
    assert gateway["replicas"] > named("PodDisruptionBudget")["gateway"]["spec"]["minAvailable"]
    assert gateway["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    waits = int(gateway["template"]["spec"]["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert gateway["template"]["spec"]["terminationGracePeriodSeconds"] > waits + 10 + 1


def told() -> dict[str, str]:
    """Return the environment of a pod, with the example's secrets filled in."""
    (secret,) = of_kind("Secret")
    assert all(value.startswith("<") for value in secret["stringData"].values())
    filled = {name: f"{name.lower()}-7c1f9d{'4b8e2a' * 5}" for name in secret["stringData"]}
    filled |= {"SECRET_KEY": SECRET_KEY, "API_TOKENS": f"ops:{'3e9a7c1f' * 5}"}
    return {"APP_ENV": "prod", **named("ConfigMap")["callgate-settings"]["data"], **filled}


def test_the_settings_of_the_example_start_a_production_gateway() -> None:
    settings = load_settings(told())
    assert settings.app_env == "prod"
    assert f"callgate:{told()['DATABASE_PASSWORD']}@" in settings.database_url
    known = {name.upper() for name in Settings.model_fields}
    assert set(named("ConfigMap")["callgate-settings"]["data"]) <= known
    text = named("ConfigMap")["callgate-channels"]["data"]["channels.toml"]
    (channel,) = parse_channels(text, told()).channels
    assert (channel.name, channel.enabled) == ("orders", True)


def test_handlers_load_as_kubernetes_lays_them_out(tmp_path: Path) -> None:
    """A mounted ConfigMap is a folder of links into a hidden folder, which is exchanged as a whole."""
    hidden = tmp_path / "..2026_11_29_00_00_00.1234567890"
    hidden.mkdir()
    (tmp_path / "..data").symlink_to(hidden.name)
    for name, content in named("ConfigMap")["callgate-handlers"]["data"].items():
        (hidden / name).write_text(content, encoding="utf-8")
        (tmp_path / name).symlink_to(Path("..data") / name)
    assert sorted(os.listdir(tmp_path)) == ["..2026_11_29_00_00_00.1234567890", "..data", "mine.py"]
    loaded = load_handlers(tmp_path, ())
    assert loaded.notices == ()
    assert [route.name for route in loaded.router.routes] == ["handlers.mine.note"]


@pytest.mark.backends("sqlite")
def test_probes_are_answered_over_plain_http(services_with: Callable[..., Services]) -> None:
    env = {"FORCE_HTTPS": "1", "TRUSTED_PROXIES": "1", "PUBLIC_BASE_URL": "https://callbacks.example.com"}
    client = create_app(services=services_with(env=env)).test_client()
    probed = containers(PODS["gateway"])[-1]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        answer = client.get(probed[probe]["httpGet"]["path"], base_url="http://10.1.2.3:5003")
        assert answer.status_code == 200, probe
