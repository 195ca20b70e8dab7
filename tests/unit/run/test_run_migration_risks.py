"""A migration that would hurt the release before, while both run, is found before it lands."""

import textwrap

import pytest

from chassis.storage import migrations
from dev import migration_risks

ENV = """
import sqlalchemy as sa
from chassis.storage.migrations import run_env
run_env(sa.MetaData())
"""
VERSION = """
'''One step.'''
import sqlalchemy as sa
from alembic import op
from chassis.storage import online_indexes
revision = "{revision}"
down_revision = {before}
{accepted}

def upgrade():
    {step}
"""
FIRST = 'op.create_table("things", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))'


@pytest.fixture
def risks_of_step(tmp_path, monkeypatch):
    """A function: the rules that a second revision with this step breaks, each with its reason."""
    versions = tmp_path / "things" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENV)
    (versions.parent / "script.py.mako").write_text("")
    monkeypatch.setattr(migrations, "SERVICES_FOLDER", tmp_path)
    monkeypatch.setattr(migration_risks, "RELEASED", {"things": "0001"})

    def risks(step, accepted=""):
        for revision, before, what, taken in (("0001", None, FIRST, ""), ("0002", "0001", step, accepted)):
            text = textwrap.dedent(VERSION).format(revision=revision, before=repr(before), step=what, accepted=taken)
            (versions / f"{revision}_step.py").write_text(text)
        return {risk.rule: risk.reason for risk in migration_risks.all_risks()}

    return risks


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ('op.drop_column("things", "name")', "ban-drop-column"),
        ('op.drop_table("things")', "ban-drop-table"),
        ('op.alter_column("things", "name", new_column_name="title")', "renaming-column"),
        ('op.rename_table("things", "objects")', "renaming-table"),
        ('op.alter_column("things", "id", type_=sa.BigInteger())', "changing-column-type"),
        ('op.alter_column("things", "name", nullable=False)', "adding-not-nullable-field"),
        ('op.add_column("things", sa.Column("size", sa.Integer, nullable=False))', "adding-required-field"),
        ('op.create_index("ix_things_name", "things", ["name"])', "require-concurrent-index-creation"),
        ('op.drop_index("ix_things_name", "things")', "require-concurrent-index-deletion"),
        ('online_indexes.drop_index("ux_things_name", "things")', "drops-a-unique-index"),
        ('op.create_unique_constraint("uq_things_name", "things", ["name"])', "disallowed-unique-constraint"),
        ('op.create_check_constraint("ck_things_id", "things", "id > 0")', "constraint-missing-not-valid"),
        ('op.execute("UPDATE things SET name = lower(name)")', "rewrites-rows"),
    ],
)
def test_what_locks_a_table_or_takes_away_what_is_read_is_found(risks_of_step, step, rule):
    assert risks_of_step(step)[rule] is None
    assert migration_risks.main() == 1


@pytest.mark.parametrize(
    "step",
    [
        'op.add_column("things", sa.Column("size", sa.Integer))',
        'op.add_column("things", sa.Column("size", sa.Integer, server_default="0", nullable=False))',
        'op.create_table("others", sa.Column("id", sa.Integer), sa.Column("name", sa.Text, unique=True))',
        'online_indexes.create_index("ix_things_name", "things", ["name"])',
        'online_indexes.drop_index("ix_things_name", "things")',
    ],
)
def test_what_only_adds_is_no_risk(risks_of_step, step):
    assert risks_of_step(step) == {}
    assert migration_risks.main() == 0


def test_a_risk_with_its_reason_is_accepted(risks_of_step):
    accepted = 'ACCEPTED_RISKS = {"ban-drop-table": "the release before does not read it"}'
    assert risks_of_step('op.drop_table("things")', accepted) == {
        "ban-drop-table": "the release before does not read it"
    }
    assert migration_risks.main() == 0


def test_a_reason_without_its_risk_is_taken_out(risks_of_step):
    accepted = 'ACCEPTED_RISKS = {"ban-drop-table": "once it was dropped here"}'
    assert risks_of_step('op.add_column("things", sa.Column("size", sa.Integer))', accepted) == {"ban-drop-table": None}
    assert migration_risks.main() == 1


def test_no_migration_since_the_release_hurts_it():
    assert [risk for risk in migration_risks.all_risks() if risk.reason is None] == []
    assert migration_risks.RELEASED.keys() == set(migrations.services_with_migrations())
