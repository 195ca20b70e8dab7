"""Many rows into one table: by COPY where this process may, else by statements of many rows.

COPY does not go through psycopg2's wait callback, so processes that have one (`answer_limit`) insert. Both write the
same: values of the columns' types, JSON by the codec.
"""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any, Final

import psycopg2
import sqlalchemy as sa
from psycopg2 import extensions
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis.messaging import codec

# In place of what is null; no text that was checked holds it, nor is it one of any other type.
_NULL: Final = "\x01"


def may_copy() -> bool:
    """Return whether this process may COPY."""
    return extensions.get_wait_callback() is None


def insert_rows(session: Session, table: Any, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows, each the values of `columns`, in their order. Raises SQLAlchemy's errors."""
    if not rows:
        return
    if may_copy():
        copy_rows(session, table, columns, rows)
    else:
        session.execute(sa.insert(table), [dict(zip(columns, row, strict=True)) for row in rows])


def copy_rows(session: Session, table: Any, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """COPY rows in the transaction of `session`; only where `may_copy`. Raises SQLAlchemy's errors.

    What PostgreSQL says of a row it does not take quotes all of it: only the sentence goes on, for rows hold persons.
    """
    session.flush()
    body = StringIO()
    csv.writer(body, lineterminator="\r\n").writerows(_written(table, columns, rows))
    body.seek(0)
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"COPY \"{table.name}\" ({names}) FROM STDIN (FORMAT csv, NULL '{_NULL}')"
    connection: Any = session.connection().connection
    with connection.cursor() as cursor:
        try:
            cursor.copy_expert(statement, body)
        except psycopg2.Error as error:
            bare = type(error)(error.diag.message_primary or "")
            raise DBAPIError.instance(statement, None, bare, psycopg2.Error, hide_parameters=True) from None


def _written(table: Any, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[list[object]]:
    """Yield rows as the CSV writer takes them: nulls told from empty texts, JSON as text."""
    json_places = [place for place, name in enumerate(columns) if isinstance(table.c[name].type, sa.JSON)]
    for row in rows:
        values = [_NULL if value is None else value for value in row]
        for place in json_places:
            if values[place] is not _NULL:
                values[place] = codec.write(values[place]).decode()
        yield values
