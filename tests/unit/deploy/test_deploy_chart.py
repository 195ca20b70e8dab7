"""The chart is sound: lint, its values' schema, Kubernetes' own schemas and those of the operators."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate.utils  # type: ignore[import-untyped]  # -- published without types
import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- published without types

from tests.unit.deploy.rendered_chart import CHART, SHAPES, Manifest, manifests, of_kind, values_of

OLDEST_KUBERNETES, NEWEST_KUBERNETES = "1.33", "1.37"
OPERATOR_SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "kubernetes"
OPERATORS = ("keda.sh", "postgresql.cnpg.io", "rabbitmq.com")
ERROR = 3

each_shape = pytest.mark.parametrize("shape", SHAPES)


@pytest.fixture(autouse=True, scope="module")
def _schemas_are_read_once() -> Iterator[None]:
    """Keep what kubernetes_validate reads: a file of two megabytes, for each object anew."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))
        yield


def group_of(manifest: Manifest) -> str:
    return str(manifest["apiVersion"]).rpartition("/")[0]


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


@cache
def operator_schema(group: str, kind: str, version: str) -> dict[str, Any] | None:
    """What an operator's own definition says of a kind; None where the definitions are not on this machine."""
    [file] = OPERATOR_SCHEMAS.glob(f"{group}_{kind.lower()}s.yaml") or [None]
    if file is None:
        return None
    # Thousands of lines: libyaml reads them ten times as fast.
    definition = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    [found] = [one for one in definition["spec"]["versions"] if one["name"] == version]
    schema: dict[str, Any] = closed(found["schema"]["openAPIV3Schema"])
    return schema


def closed(schema: Any) -> Any:
    """Refuse what a schema does not name, as an API server drops it; `int-or-string` is written its own way."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {key: closed(value) for key, value in schema["properties"].items()}
        if not (schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema):
            made["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("pattern", None)
    return made


@each_shape
def test_helm_finds_nothing_to_complain_of(shape: str) -> None:
    report = helm_python.lint(CHART, values_of(shape), strict=True, kube_version="v1.33.0")
    # An icon is for catalogues of charts.
    assert [one["error"] for one in report["messages"]] == ["icon is recommended"]
    assert not report["errors"]


def test_the_schema_of_the_values_is_a_schema() -> None:
    with helm_python.Chart.load(CHART) as chart:
        Draft202012Validator.check_schema(chart.schema)


@pytest.mark.parametrize(
    ("shape", "version"),
    [
        *((shape, NEWEST_KUBERNETES) for shape in SHAPES),
        ("ten-bodies", OLDEST_KUBERNETES),
        ("one-body", OLDEST_KUBERNETES),
    ],
)
def test_kubernetes_takes_every_object_of_its_own(shape: str, version: str) -> None:
    installed = [*manifests(shape), *of_kind(shape, "Job", is_upgrade=True).values()]
    ours = [one for one in installed if group_of(one) not in OPERATORS]
    assert ours
    for manifest in ours:
        kubernetes_validate.validate(manifest, version, strict=True)


@each_shape
def test_the_operators_take_every_object_of_theirs(shape: str) -> None:
    if not OPERATOR_SCHEMAS.is_dir():
        pytest.skip(f"the operators' definitions are not in {OPERATOR_SCHEMAS}")
    theirs = [one for one in manifests(shape) if group_of(one) in OPERATORS]
    for manifest in theirs:
        group, version = str(manifest["apiVersion"]).split("/")
        schema = operator_schema(group, manifest["kind"], version)
        assert schema is not None, name_of(manifest)
        # metadata is Kubernetes' own, an object without a shape here.
        schema["properties"]["metadata"] = {"type": "object"}
        errors = [
            f"{list(error.path)}: {error.message}" for error in Draft202012Validator(schema).iter_errors(manifest)
        ]
        assert not errors, name_of(manifest)


def test_an_operator_refuses_a_field_it_does_not_know() -> None:
    if not OPERATOR_SCHEMAS.is_dir():
        pytest.skip(f"the operators' definitions are not in {OPERATOR_SCHEMAS}")
    schema = operator_schema("postgresql.cnpg.io", "Cluster", "v1")
    manifest = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "spec": {"instances": 1, "instanzen": 2}}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(manifest)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("publicUrl", "http://pagamenti.ente.example"),
        ("image.tag", "latest"),
        ("rabbitmq.image", "rabbitmq:latest"),
        ("rabbitmq.replicas", 2),
        ("node.allowedNetworks", []),
        ("node.clientCertificates", ["not-a-fingerprint"]),
        ("network.proxies", []),
        ("postgres.backup.destinationPath", ""),
        ("settings.gateway", {"SECRET_KEY": "of-no-worth"}),
        ("settings.payments", {"CHECKOUT_SUBSCRIPTION_KEY": "of-no-worth"}),
        ("settings.notices", {"SMTP_PASSWORD": "of-no-worth"}),
        ("references.gateway", {"NEW_KEY": {"as": "value", "keys": ["new_key"]}}),
        ("references.gateway", {"NEW_KEY": {"as": "value", "configMap": "open", "keys": ["new_key"]}}),
        ("processes.gateway.resources", {"requests": {"cpu": "1", "memory": "1Gi"}}),
        ("processes.webhooks", {"kind": "service", "image": "payments", "replicas": 1}),
        ("passwords", {"postgres": "of-no-worth"}),
    ],
)
def test_values_that_would_harm_are_refused(path: str, value: object) -> None:
    values = values_of("one-body")
    *folders, last = path.split(".")
    place = values
    for folder in folders:
        place = place.setdefault(folder, {})
    place[last] = value
    said = "|".join([last, *value] if isinstance(value, dict) else [last])
    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError, match=said):
        chart.validate_schema(chart.merge_values(values))


def test_what_outside_databases_need_must_be_said() -> None:
    values = values_of("outside-databases")
    values["postgres"]["outside"]["networks"] = []
    with (
        helm_python.Chart.load(CHART) as chart,
        pytest.raises(helm_python.HelmError, match="postgres/outside/networks"),
    ):
        chart.validate_schema(chart.merge_values(values))
