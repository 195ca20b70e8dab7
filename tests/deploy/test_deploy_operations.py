"""The commands of docs/operations.md, run as they stand there, in the order of the page, on real servers."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import settings
from chassis.storage.migrations import services_with_migrations
from gateway.api.keys import ApiKeys
from tests.conftest import PROJECT, drop_database

PAGE = PROJECT / "docs" / "operations.md"
# Migrations, dumps and restores of five databases, each command in a Python of its own.
pytestmark = pytest.mark.timeout(600)


def blocks() -> list[str]:
    """The blocks marked `sh`, those in a list without their indent."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@dataclass(frozen=True)
class Place:
    """Where the commands run: two sets of databases, a broker, two folders."""

    environment: Mapping[str, str]
    kept: str
    restored: str
    keys: Path

    def run(self, *scripts: str) -> subprocess.CompletedProcess[str]:
        """Run scripts in one shell that stops at the first mistake."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(scripts)],
            cwd=PROJECT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def place(amqp_url: str, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    missing = [tool for tool in ("bash", "pg_dump", "pg_restore", "psql") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the test needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("operations")
    (folder / "backup").mkdir()
    (folder / "keys").mkdir()
    kept, restored = f"{database_url}_kept", f"{database_url}_restored"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "AMQP_URL": amqp_url,
        "DATABASE_URL": kept,
        "RESTORED": restored,
        "BACKUP": str(folder / "backup"),
        "KEYS": str(folder / "keys"),
    }
    here = Place(environment, kept, restored, folder / "keys")
    yield here
    # The page makes quorum queues; the tests beside this one, on the same broker, expect those of the default.
    changed_back = here.run("python -m chassis.topology migrate payments")
    assert changed_back.returncode == 0, changed_back.stderr[-2000:]
    for base in (kept, restored):
        for service in services_with_migrations():
            drop_database(settings.database_of(service, base))


@pytest.fixture(scope="module")
def done(place: Place) -> subprocess.CompletedProcess[str]:
    """The whole page, once, with something in an outbox before the backup."""
    deploy, *others = blocks()
    event = 'psql --quiet --dbname="${DATABASE_URL/+psycopg2/}_practices" --command="$EVENT"'
    return place.run(deploy, f"EVENT={json.dumps(RELAYED_EVENT)}", event, *others)


RELAYED_EVENT = (
    "INSERT INTO outbox (event_id, type, subject, body, created_at, relayed_at, position)"
    " VALUES (gen_random_uuid(), 'PracticeCreated.v1', 'of-no-worth', '{}', now(), now(), 1)"
)


@pytest.fixture
def query(place: Place) -> Callable[[str, str, str], object]:
    def scalar(base: str, service: str, statement: str) -> object:
        engine = sa.create_engine(settings.database_of(service, base))
        with engine.connect() as connection:
            found: object = connection.scalar(sa.text(statement))
        engine.dispose()
        return found

    return scalar


def test_the_page_has_commands_to_run() -> None:
    assert len(blocks()) >= 9


def test_every_command_of_the_page_succeeds(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_what_was_restored_is_what_was_kept(
    place: Place, done: subprocess.CompletedProcess[str], query: Callable[[str, str, str], object]
) -> None:
    for service in services_with_migrations():
        revision = "SELECT version_num FROM alembic_version"
        assert query(place.restored, service, revision) == query(place.kept, service, revision)
    assert query(place.restored, "practices", "SELECT count(*) FROM outbox") == 1


def test_the_last_events_are_sent_again_after_a_restore(
    place: Place, done: subprocess.CompletedProcess[str], query: Callable[[str, str, str], object]
) -> None:
    waiting = "SELECT count(*) FROM outbox WHERE relayed_at IS NULL AND position IS NULL"
    assert query(place.restored, "practices", waiting) == 1
    assert query(place.kept, "practices", waiting) == 0


def test_a_receipt_that_is_missing_is_noticed(place: Place, done: subprocess.CompletedProcess[str]) -> None:
    """The comparison of the page, with another number of receipts on one side."""
    [compare] = [block for block in blocks() if "string_agg" in block]
    lines = [line for line in compare.splitlines() if line.startswith(("count=", "kept=", "found=", "test "))]
    assert place.run(*lines).returncode == 0
    lines.insert(-1, 'found="1|${found#*|}"')
    assert place.run(*lines).returncode == 1


def test_the_api_key_that_was_made_is_one(place: Place, done: subprocess.CompletedProcess[str]) -> None:
    keys = ApiKeys.load(place.keys / "api_keys.json")
    assert keys
    [row] = json.loads((place.keys / "api_keys.json").read_text())
    assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])
    assert (place.keys / "api_key.txt").read_text() not in (place.keys / "api_keys.json").read_text()


def test_the_keys_that_were_made_are_there(place: Place, done: subprocess.CompletedProcess[str]) -> None:
    assert {"api_keys.json", "api_key.txt", "spid", "trace_key", "secret_key"} == {
        one.name for one in place.keys.iterdir()
    }
    assert {"key.pem", "cert.pem"} == {one.name for one in (place.keys / "spid").iterdir()}
