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
from cryptography.fernet import Fernet
from honcho.environ import parse_procfile

from deploy import passwords
from deploy.release import base_images
from gateway.signing_keys import why_weak
from tests.unit.house.conftest import ROOT

SERVICES = ("identity", "practices", "cart", "payments", "notices")
SECRET = re.compile(r"PASSWORD|SECRET|SUBSCRIPTION_KEY|TRACE_KEY")
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
    jobs = {"broker-users", *(f"{service}-migrations" for service in SERVICES)}
    assert processes | jobs | OUTSIDE == {name for name, service in compose.items() if "profiles" not in service}


def test_compose_keeps_the_sandbox_under_its_profile(compose: dict[str, Any]) -> None:
    sandbox = {name for name in compose if name.startswith("sandbox-")}
    assert sandbox == {name for name, service in compose.items() if service.get("profiles") == ["sandbox"]}
    assert sandbox == {name for name, service in compose.items() if service["image"] == "portal-sandbox"}


def test_every_lasting_container_is_restarted_and_every_job_is_not_repeated(compose: dict[str, Any]) -> None:
    for name, service in compose.items():
        is_job = name.endswith(("-migrations", "-users", "-keys", "-catalogue", "-import"))
        assert service["restart"] in ({"on-failure", "no"} if is_job else {"unless-stopped"}), name


def test_images_of_others_are_pinned_to_a_version(compose: dict[str, Any]) -> None:
    for name in OUTSIDE:
        assert re.search(r":\d", compose[name]["image"]), name
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("FROM ") and ":" in line:
            assert re.search(r":\d+\.\d+", line), line


def test_no_password_has_a_default_in_the_product() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    secret_names = r"PASSWORD|SECRET_KEY|SUBSCRIPTION_KEY|TRACE_KEY"
    assert not re.findall(rf"\$\{{\w*(?:{secret_names}):-", text)
    assert all(value.startswith("${") for value in re.findall(rf"(?:{secret_names}|_pass) = (\S+)", text))


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


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in container.get("environment", {}).items()}


def lasting(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in compose.items() if "profiles" not in one}


def test_every_secret_of_compose_is_a_file(compose: dict[str, Any]) -> None:
    """In the environment of a container everybody sees it who may look at the container, and every child has it."""
    for name, container in compose.items():
        for variable, value in environment_of(container).items():
            assert not SECRET.search(variable) or variable.endswith("_FILE") or "URL" in variable, (name, variable)
            assert not re.search(r"://[^/@]*:[^/@$]*@|://[^/@]*:\$\{\w*PASSWORD", value), (name, variable)
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in container["secrets"], (name, variable)


def test_every_secret_that_compose_mounts_is_read_there(compose: dict[str, Any]) -> None:
    for name, container in compose.items():
        read = {
            value.removeprefix("/run/secrets/")
            for value in environment_of(container).values()
            if value.startswith("/run/secrets/")
        }
        assert set(container.get("secrets", [])) <= read, name


def test_a_process_has_its_own_role_and_user_and_no_others_password(compose: dict[str, Any]) -> None:
    shared = {
        "secret_key",
        "spid_trace_key",
        "checkout_subscription_key",
        "aca_subscription_key",
        "biz_events_subscription_key",
        "amount_question_keys",
    }
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    # What payments sends out by itself is payments: the same tables, the same rights.
    sent_out = {"payments-outbound", "payments-webhooks"}
    users = {process: "payments" if process in sent_out else process for process in processes}
    for process, name in users.items():
        container, own = compose[process], name.replace("-", "_")
        assert set(container["secrets"]) - shared == {own}, name
        service, _, is_relay = name.partition("-")
        environment = environment_of(container)
        if process != "payments-webhooks":
            assert f"://{name}@rabbitmq:" in environment["AMQP_URL"], name
        if name not in {"gateway", "node", "entity-router"}:
            role = f"portal_{service}_{'relay' if is_relay else 'service'}"
            assert f"://{role}@postgres:" in environment[f"{service.upper()}_DATABASE_URL"], name
    assert set(compose["broker-users"]["secrets"]) == {"rabbitmq", *(name.replace("-", "_") for name in users.values())}


def test_the_gateway_holds_neither_database_nor_spid_key(compose: dict[str, Any]) -> None:
    for name in ("gateway", "node"):
        container = compose[name]
        held = {*environment_of(container), *container["secrets"]}
        assert not [one for one in held if re.search(r"DATABASE_(URL|PASSWORD)|postgres|SPID_|spid_", one)], name
        assert "data" not in container["networks"], name
        assert not [volume for volume in container.get("volumes", []) if "{KEYS" in volume], name
        line = parse_procfile((ROOT / "Procfile").read_text()).processes[name]
        taken = set(re.findall(r"-u (\w+)", line.split(" gunicorn ")[0]))
        assert {"DATABASE_URL", "DATABASE_PASSWORD", "SPID_SP_KEY_FILE", "SPID_TRACE_KEY"} <= taken, name


def test_every_container_is_bounded_read_only_and_without_rights(compose: dict[str, Any]) -> None:
    for name, container in compose.items():
        assert container["read_only"] is True, name
        assert container["cap_drop"] == ["ALL"], name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert float(container["cpus"]) > 0, name
        assert re.fullmatch(r"\d+[mg]", container["mem_limit"]), name
        assert container["pids_limit"] > 0, name


def networks_of(container: dict[str, Any]) -> set[str]:
    return set(container["networks"])


def test_only_who_must_talk_may(compose: dict[str, Any]) -> None:
    """By network: the world reaches the proxy, the proxy the doors; the servers are reached by who uses them alone."""
    described = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["networks"]
    assert {name for name, one in described.items() if one and one.get("internal")} == {"bus", "data", "counting"}
    product = lasting(compose)
    of_services = {name for name in product if name.startswith(SERVICES)}
    assert {name for name, one in product.items() if "data" in networks_of(one)} == {"postgres", *of_services}
    on_the_bus = {name for name in of_services if not name.endswith(("-migrations", "-webhooks"))}
    assert {name for name, one in product.items() if "bus" in networks_of(one)} == {
        "rabbitmq",
        "broker-users",
        "gateway",
        "node",
        "entity-router",
        *on_the_bus,
    }
    assert {name for name, one in product.items() if "counting" in networks_of(one)} == {"gateway", "rates"}
    assert {name for name, one in product.items() if "edge" in networks_of(one)} == {"proxy", "gateway", "node"}
    assert {name for name, one in product.items() if "outside" in networks_of(one)} == {
        "identity",
        "practices",
        "payments",
        "payments-outbound",
        "payments-webhooks",
        "notices",
    }
    assert {name for name, one in product.items() if "ports" in one} == {"proxy"}


def test_images_of_others_can_be_named_by_digest(compose: dict[str, Any]) -> None:
    for name in OUTSIDE:
        named = compose[name]["image"]
        assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[\w./-]+:\d[\w.-]*(?:@sha256:[0-9a-f]{64})?\}", named), name


def test_where_one_image_of_others_is_named_by_digest_all_are() -> None:
    named = len(re.findall(r"@sha256:[0-9a-f]{64}", "".join((ROOT / file).read_text() for file in base_images.FILES)))
    assert not named or base_images.without_digest() == [], "`.ci/release digests` writes them all"


def test_the_passwords_of_compose_are_drawn_by_one_command() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    described = yaml.safe_load(text)
    asked = {one["environment"] for one in described["secrets"].values()}
    assert {*passwords.names(text), "CHECKOUT_SUBSCRIPTION_KEY"} == asked
    assert asked - set(read_env(ROOT / "sandbox" / "compose.env")) == set()
    first, second = (dict(line.split("=", 1) for line in passwords.lines(text)) for _ in range(2))
    assert not set(first.values()) & set(second.values())
    assert len(set(first.values())) == len(first)
    assert why_weak(first["SECRET_KEY"]) is None
    Fernet(first["SPID_TRACE_KEY"])


def read_env(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if line and not line.startswith("#"))
