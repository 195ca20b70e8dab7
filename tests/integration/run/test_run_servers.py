"""The servers `./portal test` runs on."""

import psycopg2
import pytest

from chassis.settings import DEFAULT_DATABASE_URL
from dev.problem import ProblemError
from dev.testing import postgres


def test_two_runs_side_by_side_have_each_their_own_role_and_leave_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(postgres, "_START_S", 0)
    mark = f"portal_role_{abs(hash(tmp_path_factory.getbasetemp()))}"
    try:
        with postgres.own_role(DEFAULT_DATABASE_URL, f"{mark}_a") as first:
            with postgres.own_role(DEFAULT_DATABASE_URL, f"{mark}_b") as second:
                assert postgres.may_create(first)
                assert postgres.may_create(second)
            assert postgres.may_create(first)
    except ProblemError:
        pytest.skip("no server on this machine lets us in as its administrator")
    assert not postgres.may_create(first)
    assert not postgres.may_create(second)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host="127.0.0.1", port=5432, user=f"{mark}_a", dbname="postgres").close()
