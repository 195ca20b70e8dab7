"""House rules about how the product is shipped: Procfile, Dockerfile and docker-compose.yml say the same."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

from tests.unit.house.conftest import ROOT

SERVICES = ("identity", "practices", "cart", "payments", "notices")
OUTSIDE = {"rabbitmq", "postgres", "proxy", "rates"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


@pytest.fixture(scope="module")
def stages() -> dict[str, list[str]]:
    """Name of a stage of the Dockerfile to its instructions, those of the stages below it left out."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("FROM "):
            name = line.split()[-1]
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    return found


def test_compose_runs_every_process_of_the_procfile(compose: dict[str, Any]) -> None:
    processes = set(parse_procfile((ROOT / "Procfile").read_text()).processes)
    jobs = {f"{service}-migrations" for service in SERVICES}
    assert processes | jobs | OUTSIDE == {name for name, service in compose.items() if "profiles" not in service}


def test_compose_keeps_the_sandbox_under_its_profile(compose: dict[str, Any]) -> None:
    sandbox = {name for name in compose if name.startswith("sandbox-")}
    assert sandbox == {name for name, service in compose.items() if service.get("profiles") == ["sandbox"]}
    assert sandbox == {name for name, service in compose.items() if service["image"] == "portal-sandbox"}


def test_every_lasting_container_is_restarted_and_every_job_is_not_repeated(compose: dict[str, Any]) -> None:
    for name, service in compose.items():
        is_job = name.endswith(("-migrations", "-keys", "-catalogue", "-import"))
        assert service["restart"] in ({"on-failure", "no"} if is_job else {"unless-stopped"}), name


def test_images_of_others_are_pinned_to_a_version(compose: dict[str, Any]) -> None:
    for name in OUTSIDE:
        assert re.search(r":\d", compose[name]["image"]), name
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("FROM ") and ":" in line:
            assert re.search(r":\d+\.\d+", line), line


def test_no_password_has_a_default_in_the_product(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    secret_names = r"PASSWORD|SECRET_KEY|SUBSCRIPTION_KEY|TRACE_KEY"
    assert not re.findall(rf"\$\{{\w*(?:{secret_names}):-", text)
    assert all(value.startswith("${") for value in re.findall(rf"(?:{secret_names}|_PASS): (\S+)", text))


def test_only_the_sandbox_image_holds_the_sandbox(stages: dict[str, list[str]]) -> None:
    assert stages_that_copy("sandbox", stages) == {"sandbox"}
    assert stages_that_copy("dev", stages) == {"assets", "sandbox"}  # of `assets` the images take build/ alone
    taken = [line for lines in stages.values() for line in lines if "--from=assets" in line]
    assert taken
    assert all("/app/build" in line for line in taken)


def stages_that_copy(folder: str, stages: dict[str, list[str]]) -> set[str]:
    return {name for name, lines in stages.items() if any(line.startswith(f"COPY {folder}") for line in lines)}


def test_the_asset_build_takes_of_dev_what_it_imports(stages: dict[str, list[str]], tmp_path: Path) -> None:
    [line] = [line for line in stages["assets"] if line.startswith("COPY dev")]
    _, *files, target = line.split()
    assert target == "dev/"
    copy_into(tmp_path, *files)
    run_in(tmp_path, "import dev.assets")


def test_no_image_runs_as_root(stages: dict[str, list[str]]) -> None:
    for name in ("service", "gateway", "sandbox"):
        assert "USER portal" in stages[name], name


def test_every_product_image_says_how_healthy_it_is(stages: dict[str, list[str]]) -> None:
    for name in ("service", "gateway"):
        assert any(line.startswith("HEALTHCHECK") for line in stages[name]), name


@pytest.mark.parametrize("service", SERVICES)
def test_the_files_of_a_service_image_are_enough_to_run_it(service: str, tmp_path: Path) -> None:
    copy_into(tmp_path, "contracts", "chassis", "services/__init__.py", f"services/{service}")
    run_in(tmp_path, f"from chassis.runtime.container import load_service; load_service({service!r})")


def test_the_files_of_the_gateway_image_are_enough_to_run_it(tmp_path: Path) -> None:
    copy_into(tmp_path, "contracts", "chassis", "gateway")
    run_in(tmp_path, "import gateway.app")


def copy_into(folder: Path, *names: str) -> None:
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, target)


def run_in(folder: Path, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
