"""Every service's migrations make what its models say, on a database made from nothing."""

import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.util import CommandError

from chassis.storage import migrations
from tests.conftest import drop_database

ENV = """
from chassis.storage.migrations import run_env
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("things", metadata, sa.Column("id", sa.Integer, primary_key=True){extra})
run_env(metadata)
"""
VERSION = '''
"""Create things."""
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None

def upgrade():
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
'''


@pytest.fixture
def things(tmp_path, monkeypatch, database_url):
    """A service with one table; returns a function that writes its env.py, and the address of its database."""
    folder = tmp_path / "things" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / "0001_create_things.py").write_text(textwrap.dedent(VERSION))
    (folder / "script.py.mako").write_text("")
    monkeypatch.setattr(migrations, "SERVICES_FOLDER", tmp_path)
    url = f"{database_url}_things"
    drop_database(url)

    def describe(extra=""):
        (folder / "env.py").write_text(ENV.format(extra=extra))

    describe()
    yield describe, url
    drop_database(url)


@pytest.mark.parametrize("service", migrations.services_with_migrations())
def test_the_models_and_the_migrations_agree(service, migrated):
    migrations.check(service, migrated(service))


def test_upgrading_makes_the_database_and_may_be_repeated(things):
    _, url = things
    migrations.upgrade("things", url)
    migrations.upgrade("things", url)
    engine = sa.create_engine(url)
    assert sa.inspect(engine).has_table("things")
    engine.dispose()


def test_jobs_at_the_same_moment_do_not_race(things):
    _, url = things
    migrations.create_database_if_missing(url)
    engine = sa.create_engine(url)
    with engine.connect() as holder:
        holder.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": migrations.ADVISORY_LOCK})
        holder.commit()
        with ThreadPoolExecutor() as jobs:
            job = jobs.submit(migrations.upgrade, "things", url)
            with pytest.raises(TimeoutError):
                job.result(timeout=0.5)
            holder.execute(sa.text("SELECT pg_advisory_unlock_all()"))
            holder.commit()
            job.result(timeout=10)
    engine.dispose()


def test_a_model_without_its_migration_is_found(things):
    describe, url = things
    migrations.upgrade("things", url)
    migrations.check("things", url)
    describe(', sa.Column("forgotten", sa.Text)')
    with pytest.raises(CommandError):
        migrations.check("things", url)


def test_the_command_line_says_how_it_is_used(capsys):
    assert migrations.main(["sideways", "all"]) == 2
    assert "upgrade|check" in capsys.readouterr().err
