"""An index is made while others write, and made again where an attempt broke off."""

import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from chassis.storage import migrations
from tests.conftest import drop_database
from tests.integration.chassis.test_chassis_migrations import ENV, VERSION

SECOND = '''
"""Index things."""
import sqlalchemy as sa
from alembic import op
from chassis.storage import online_indexes
revision = "0002"
down_revision = "0001"

def upgrade():
    online_indexes.create_index("ux_things_name", "things", ["name"], unique=True)
'''
COLUMN = ', sa.Column("name", sa.Text), sa.Index("ux_things_name", "name", unique=True)'


@pytest.fixture
def engine(tmp_path, monkeypatch, database_url):
    """A database whose table is there, and whose second revision, an index, is still to come."""
    folder = tmp_path / "things" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / "0001_create_things.py").write_text(textwrap.dedent(VERSION))
    (folder / "script.py.mako").write_text("")
    (folder / "env.py").write_text(ENV.format(extra=COLUMN))
    monkeypatch.setattr(migrations, "SERVICES_FOLDER", tmp_path)
    url = f"{database_url}_online"
    drop_database(url)
    migrations.upgrade("things", url)
    engine = sa.create_engine(url)
    with engine.begin() as first:
        first.execute(sa.text("ALTER TABLE things ADD COLUMN name text"))
    (folder / "versions" / "0002_index_things.py").write_text(textwrap.dedent(SECOND))
    yield engine
    engine.dispose()
    drop_database(url)


def _upgrade(engine):
    migrations.upgrade("things", engine.url.render_as_string(hide_password=False))
    migrations.check("things", engine.url.render_as_string(hide_password=False))


def test_writers_go_on_while_an_index_is_made(engine, eventually):
    with engine.connect() as holder, ThreadPoolExecutor() as jobs:
        # The index must wait for this writer's end; another one must not wait for the index.
        holder.execute(sa.text("INSERT INTO things VALUES (1, 'a')"))
        job = jobs.submit(_upgrade, engine)
        # Outside a transaction, which would see one picture of the activity throughout.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
            making = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE UNIQUE INDEX CONC%'")
            eventually(lambda: watcher.execute(making).scalar())
        with engine.begin() as writer:
            writer.execute(sa.text("SET lock_timeout = '20s'"))
            writer.execute(sa.text("INSERT INTO things VALUES (2, 'b')"))
        assert not job.done()
        holder.commit()
        job.result(timeout=60)


def test_a_broken_off_index_is_made_again(engine):
    with engine.begin() as first:
        first.execute(sa.text("INSERT INTO things VALUES (1, 'a'), (2, 'a')"))
    with pytest.raises(sa.exc.IntegrityError):
        _upgrade(engine)
    with engine.begin() as mended:
        mended.execute(sa.text("DELETE FROM things WHERE id = 2"))
    _upgrade(engine)
    with engine.connect() as looks:
        assert looks.execute(sa.text("SELECT bool_and(indisvalid) FROM pg_index")).scalar()
