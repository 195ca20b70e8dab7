"""The embedded PostgreSQL: data stays, whatever ended the run before."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from dev.launcher.postgres import EmbeddedPostgres
from dev.problem import ProblemError

ROOT = Path(__file__).resolve().parents[3]
START_AND_WAIT = """
import sys, time
from pathlib import Path
from dev.launcher.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2]))
server.start()
print(server.url("postgres"), flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pg")


@pytest.fixture
def make_server(home: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    made: list[EmbeddedPostgres] = []

    def make(folder: Path = home) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder / "postgres", folder / "postgres.log"))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def query(url: str, statement: str) -> Any:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        result = connection.execute(sa.text(statement))
        return result.scalar() if result.returns_rows else None


def test_what_was_written_is_there_after_a_restart(make_server: Callable[..., EmbeddedPostgres]) -> None:
    server = make_server()
    server.start()
    query(server.url("postgres"), "CREATE TABLE kept AS SELECT 'Pagato €' AS state")
    server.stop()
    server.start()
    assert query(server.url("postgres"), "SELECT state FROM kept") == "Pagato €"


def test_only_a_socket_is_opened_and_no_port(make_server: Callable[..., EmbeddedPostgres]) -> None:
    server = make_server()
    server.start()
    assert query(server.url("postgres"), "SHOW listen_addresses") == ""


def test_text_is_utf8_and_commits_reach_the_disk(make_server: Callable[..., EmbeddedPostgres]) -> None:
    server = make_server()
    server.start()
    assert query(server.url("postgres"), "SHOW server_encoding") == "UTF8"
    assert query(server.url("postgres"), "SHOW fsync") == "on"


def test_a_run_that_was_killed_leaves_no_server_behind_and_its_data_is_found(
    home: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(home / "postgres"), str(home / "postgres.log")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    query(url, "CREATE TABLE kept AS SELECT 1 AS one")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    server = make_server()
    server.start()
    assert query(server.url("postgres"), "SELECT one FROM kept") == 1


def test_a_server_that_was_killed_recovers(home: Path, make_server: Callable[..., EmbeddedPostgres]) -> None:
    server = make_server()
    server.start()
    query(server.url("postgres"), "CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(int((home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    server.stop()
    server.start()
    assert query(server.url("postgres"), "SELECT one FROM kept") == 1


def test_a_stale_pid_file_that_names_another_program_does_not_stop_the_start(
    home: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server()
    server.start()
    pid_file = home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    server.start()
    assert query(server.url("postgres"), "SELECT 1") == 1


@pytest.mark.parametrize("name", ["a" * 100, "con spazi, è + 'virgolette'"], ids=["long", "odd"])
def test_a_path_that_no_socket_can_have_is_no_obstacle(
    name: str, tmp_path: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    deep = tmp_path / name
    deep.mkdir(parents=True)
    server = make_server(deep)
    server.start()
    assert query(server.url("postgres"), "SELECT 1") == 1


def test_a_data_folder_of_another_version_is_explained(
    home: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server()
    server.start()
    server.stop()
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ProblemError, match="PostgreSQL did not start"):
        server.start()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host=str(home / "run"), user="postgres")
