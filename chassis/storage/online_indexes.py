"""Indexes made and dropped while the previous release works on the table: for migrations.

PostgreSQL does so only outside a transaction. What stands before in the same migration is therefore committed first and
must bear being run again: `op.add_column(..., if_not_exists=True)`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from chassis.storage.migrations import LOCK_TIMEOUT


def create_index(
    name: str,
    table: str,
    columns: Sequence[str],
    *,
    unique: bool = False,
    where: str = "",
    using: str = "btree",
) -> None:
    """Make an index, over the remains of an attempt that broke off. What has a parenthesis is no column, but SQL."""
    keys = [sa.text(one) if "(" in one else one for one in columns]
    with _beside_the_traffic():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.create_index(
            name,
            table,
            keys,
            unique=unique,
            postgresql_concurrently=True,
            postgresql_using=using,
            postgresql_where=sa.text(where) if where else None,
        )


def drop_index(name: str, table: str) -> None:
    """Drop an index, if it is still there."""
    with _beside_the_traffic():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


@contextmanager
def _beside_the_traffic() -> Iterator[None]:
    """Leave the transaction, and wait for others' as long as they take: nobody waits for us meanwhile."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
