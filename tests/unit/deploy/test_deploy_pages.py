"""What the pages for ops say of the chart and of the command line is so."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- published without types

from tests.unit.deploy.connection_table import PAGE, section
from tests.unit.deploy.rendered_chart import ROOT, manifests, merged_values, of_kind, pods
from tests.unit.deploy.test_deploy_chart import OPERATOR_SCHEMAS, operator_schema

PAGES = [
    ROOT / "docs" / "operations.md",
    ROOT / "docs" / "production.md",
    *sorted((ROOT / "docs/runbooks").glob("*.md")),
]
each_page = pytest.mark.parametrize("page", [page for page in PAGES if page.exists()], ids=lambda page: page.stem)
# A word in capitals stands for a name the reader puts in.
PLACEHOLDER = re.compile(r"[A-Z]{3,}")
SHAPES = ("one-body", "ten-bodies")


def names_of(*kinds: str) -> set[str]:
    return {one["metadata"]["name"] for shape in SHAPES for one in manifests(shape) if one["kind"] in kinds}


def matches(word: str, names: set[str]) -> bool:
    pattern = PLACEHOLDER.sub("[A-Za-z0-9-]+", word)
    return any(re.fullmatch(pattern, name) for name in names)


@each_page
def test_objects_that_are_named_are_in_the_chart(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for kind, name in re.findall(r"\b(deploy|cronjob)/(portal-[\w-]+)", text):
        assert matches(name, names_of("Deployment" if kind == "deploy" else "CronJob")), name
    for kind, name in re.findall(
        r"kubectl -n portal get (service|scaledobject|scheduledbackup|cronjob) ([\w-]+)", text
    ):
        kinds = {"service": "Service", "scaledobject": "ScaledObject", "scheduledbackup": "ScheduledBackup"}
        assert matches(name, names_of(kinds.get(kind, "CronJob"))), name


@each_page
def test_secrets_that_are_named_are_used_by_the_chart(page: Path) -> None:
    used = {str(pod.spec) for shape in (*SHAPES, "outside-databases") for pod in pods(shape)}
    used |= {
        str(one) for one in (*of_kind("one-body", "Cluster").values(), *of_kind("one-body", "DatabaseRole").values())
    }
    used |= {str(one) for shape in SHAPES for one in of_kind(shape, "Ingress").values()}
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:Secret|ConfigMap) `([\w-]+)`", text)) | set(
        re.findall(r"create (?:secret (?:generic|tls)|configmap) ([\w-]+)", text)
    )
    for name in named:
        pattern = PLACEHOLDER.sub("[a-z]+", name)
        assert any(re.search(rf"\b{pattern}\b", text) for text in used), name


@each_page
def test_values_that_are_named_are_the_charts(page: Path) -> None:
    values = merged_values("ten-bodies")
    for path in re.findall(r"`((?:\w+\.)+\w+)(?:: \w+)?`", page.read_text(encoding="utf-8")):
        first, *rest = path.split(".")
        if first in values and first != "notices":
            place = values[first]
            for key in rest:
                assert key in place, path
                place = place[key]


@each_page
def test_commands_that_are_named_are_ours(page: Path) -> None:
    for module in re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8")):
        assert find_spec(module) is not None, module


def test_the_manifest_of_a_restore_is_one_the_operator_takes() -> None:
    if not OPERATOR_SCHEMAS.is_dir():
        pytest.skip(f"the operators' definitions are not in {OPERATOR_SCHEMAS}")
    [block] = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    manifest = yaml.safe_load(block)
    schema = operator_schema("postgresql.cnpg.io", manifest["kind"], "v1")
    assert schema is not None
    schema["properties"]["metadata"] = {"type": "object"}
    assert not [error.message for error in Draft202012Validator(schema).iter_errors(manifest)]
    [source] = manifest["spec"]["externalClusters"]
    [cluster] = of_kind("one-body", "Cluster").values()
    ours = cluster["spec"]["backup"]["barmanObjectStore"]
    assert source["name"] == cluster["metadata"]["name"]
    assert source["barmanObjectStore"]["s3Credentials"] == ours["s3Credentials"]


def test_the_table_of_connections_is_what_the_chart_makes() -> None:
    assert section() in PAGE.read_text(encoding="utf-8"), "./portal generate"
