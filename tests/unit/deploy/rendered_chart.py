"""The chart as it would be sent to a cluster, for the shapes in deploy/helm/portal/ci. Nothing here needs a cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy" / "helm" / "portal"
SHAPES = tuple(sorted(path.stem for path in (CHART / "ci").glob("*.yaml")))
RELEASE = NAMESPACE = "portal"
PODS_OF = {
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}

Manifest = Mapping[str, Any]


def values_of(shape: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{shape}.yaml").read_text(encoding="utf-8"))
    return values


@cache
def merged_values(shape: str) -> dict[str, Any]:
    """The chart's own values with those of the shape over them."""
    with helm_python.Chart.load(CHART) as chart:
        return chart.merge_values(values_of(shape))


@cache
def manifests(shape: str, *, is_upgrade: bool = False) -> tuple[Manifest, ...]:
    """Every object of a shape, hooks among them."""
    return rendered(values_of(shape), is_upgrade=is_upgrade)


def rendered(values: dict[str, Any], *, is_upgrade: bool = False) -> tuple[Manifest, ...]:
    """Every object that these values make."""
    with helm_python.Chart.load(CHART) as chart:
        files = chart.render(
            values, name=RELEASE, namespace=NAMESPACE, is_install=not is_upgrade, is_upgrade=is_upgrade
        )
    return tuple(
        document
        for name, text in sorted(files.items())
        if name.endswith(".yaml")
        for document in yaml.load_all(text, Loader=yaml.CSafeLoader)
        if document
    )


def of_kind(shape: str, kind: str, *, is_upgrade: bool = False) -> dict[str, Manifest]:
    """The objects of a kind by name."""
    found = [one for one in manifests(shape, is_upgrade=is_upgrade) if one["kind"] == kind]
    by_name = {one["metadata"]["name"]: one for one in found}
    assert len(by_name) == len(found), f"two {kind} of one name"
    return by_name


@dataclass(frozen=True)
class Pod:
    """The template of a pod and whose it is."""

    owner: str
    kind: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def container(self) -> Mapping[str, Any]:
        [container] = self.spec["containers"]
        found: Mapping[str, Any] = container
        return found

    @property
    def environment(self) -> dict[str, Any]:
        """Variable to its value, or to where it comes from."""
        return {one["name"]: one.get("value", one.get("valueFrom")) for one in self.container.get("env", [])}


def pods(shape: str, *, is_upgrade: bool = False) -> Iterator[Pod]:
    for manifest in manifests(shape, is_upgrade=is_upgrade):
        template: Any = manifest
        if manifest["kind"] in PODS_OF:
            for key in PODS_OF[manifest["kind"]]:
                template = template[key]
            yield Pod(manifest["metadata"]["name"], manifest["kind"], template["metadata"]["labels"], template["spec"])


def pod_of(shape: str, owner: str) -> Pod:
    [pod] = [pod for pod in pods(shape) if pod.owner == f"{RELEASE}-{owner}"]
    return pod


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a label selector, as far as this chart uses them, matches."""
    wanted = selector.get("matchLabels", {})
    exists = [rule["key"] for rule in selector.get("matchExpressions", []) if rule["operator"] == "Exists"]
    return all(labels.get(key) == value for key, value in wanted.items()) and all(key in labels for key in exists)
