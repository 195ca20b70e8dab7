"""Every process of the product runs on the files and packages of its own image, and the system they make works."""

import json
import signal
from collections.abc import Mapping

import pytest
import requests

from tests.conftest import wait_until
from tests.image_contents import IMAGES, SERVICES, Image, normalised
from tests.images.conftest import System, image_of, lines_of_procfiles, succeed
from tests.images.containers import Container

# Environments are made, then fifteen processes are started, before the first test.
pytestmark = pytest.mark.timeout(900)

INSTALLED = """
import json, sys
from importlib.metadata import distributions
print(json.dumps([sys.prefix, [one.metadata["Name"] for one in distributions()]]))
"""
CREDITOR_FISCAL_CODE = "80012345676"
RELAYS = sorted(name for name in lines_of_procfiles() if name.endswith("-relay"))


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_an_environment_holds_packages_of_its_lock_file_only(image: Image, containers: Mapping[str, Container]) -> None:
    prefix, installed = json.loads(succeed(containers[image.name], "python", "-c", INSTALLED))
    assert prefix.endswith(f"/{image.name}")
    assert {normalised(name) for name in installed} <= image.packages
    assert installed


def test_the_portal_is_ready(system: System) -> None:
    answer = requests.get(f"{system.copy.local_url}/status/ready", timeout=10).json()
    assert answer["status"] == "ready"
    assert set(SERVICES) <= set(answer["parts"])


@pytest.mark.parametrize("name", [*SERVICES, *RELAYS])
def test_a_health_check_says_well(name: str, system: System, containers: Mapping[str, Container]) -> None:
    system.processes[name].check()
    succeed(containers[image_of(name)], "python", "-m", "chassis.health", name)


@pytest.mark.parametrize("service", SERVICES)
def test_the_commands_for_whoever_runs_it_start(
    service: str, system: System, containers: Mapping[str, Container]
) -> None:
    container = containers[service]
    succeed(container, "python", "-m", "chassis.dead_letters", "list")
    if (container.folder / "services" / service / "__main__.py").exists():
        refused = container.run("python", "-m", f"services.{service}", "no-such-command")
        assert refused.returncode == 2
        assert refused.stderr.startswith("usage: ")


def test_the_first_debts_come_in_and_are_printed_as_one_file(
    system: System, containers: Mapping[str, Container]
) -> None:
    home = system.copy.home
    succeed(containers["sandbox"], "python", "-m", "dev.launcher.jobs", "import", str(home.folder))
    report = json.loads((home.folder / "first-import.json").read_text())
    numbers = [row["notice_number"] for row in report["rows"] if row["outcome"] == "created"]
    assert len(numbers) == report["accepted"]
    debts = [row["external_id"] for row in report["rows"] if row["outcome"] == "created"][:2]
    job = system.api("POST", "/print-jobs", json={"external_ids": debts}, headers={"Idempotency-Key": "two-of-them"})
    assert job.status_code == 202, job.text
    path = f"/print-jobs/{job.json()['id']}"
    wait_until(lambda: system.api("GET", path).json()["finished_at"], pause_s=0.5)
    merged = system.api("GET", f"{path}/merged")
    assert (merged.status_code, merged.content[:5]) == (200, b"%PDF-")


def test_a_debt_is_paid_at_the_counter_of_a_psp(system: System) -> None:
    body = {
        "service_code": "TARI",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 2500,
        "description": "Prova delle immagini",
    }
    debt = system.api("PUT", "/debts/images-1", json=body).json()
    notice = {"creditor_fiscal_code": CREDITOR_FISCAL_CODE, "notice_number": debt["notice_number"], "outcome": "paid"}
    paid = requests.post(f"{system.copy.pagopa_url}/sandbox/payments", json=notice, timeout=60)
    assert paid.status_code == 200, paid.text
    wait_until(lambda: debt["notice_number"] in system.api("GET", "/payments").text, pause_s=0.5)


def test_the_metadata_for_spid_are_signed(system: System) -> None:
    metadata = requests.get(f"{system.copy.local_url}/spid/metadata", timeout=10)
    assert metadata.status_code == 200
    assert b"SignatureValue" in metadata.content


def test_the_stand_ins_answer(system: System) -> None:
    for port in (system.copy.spid_port, system.copy.pagopa_port, system.copy.mail_port):
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 200


def test_the_asset_build_has_its_node(containers: Mapping[str, Container]) -> None:
    said = succeed(
        containers["assets"], "python", "-c", "import dev.assets, os; os.execv(dev.assets.NODE, ['node', '-v'])"
    )
    assert said.startswith("v")


@pytest.mark.parametrize("name", sorted(lines_of_procfiles()))
def test_it_ends_when_it_is_told_to(name: str, system: System) -> None:
    """Last: it ends them."""
    process = system.processes[name]
    process.check()
    # The mail of the sandbox has nothing to finish and does not wait for the signal.
    assert process.stop() == (-signal.SIGTERM if name == "mail" else 0), process.log.read_text()[-2000:]
