"""Many rows into one table: by COPY where this process may, else by statements of many rows.

COPY does not go through psycopg2's wait callback, so processes that have one (`answer_limit`) insert. Both write the
same: values of the columns' types, JSON by the codec.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from types import NoneType
from typing import Any, Final
from uuid import UUID

import psycopg2
import sqlalchemy as sa
from psycopg2 import extensions
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis.messaging import codec


def may_copy() -> bool:
    """Return whether this process may COPY."""
    return extensions.get_wait_callback() is None


def insert_rows(session: Session, table: Any, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows, each the values of `columns`, in their order. Raises what the database raises."""
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
    body = BytesIO("".join(["\t".join([_written(value) for value in row]) + "\n" for row in rows]).encode())
    connection: Any = session.connection().connection
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        statement = f'COPY "{table.name}" ({names}) FROM STDIN'
        try:
            cursor.copy_expert(statement, body)
        except psycopg2.Error as error:
            bare = type(error)(error.diag.message_primary or "")
            raise DBAPIError.instance(statement, None, bare, psycopg2.Error, hide_parameters=True) from None


def _written(value: object) -> str:
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(int(value))
    return _json(value)


def _json(value: object) -> str:
    # Control characters are escaped in JSON already.
    return codec.write(value).decode().replace("\\", "\\\\")


def _text(value: str) -> str:
    if "\\" not in value and value.isprintable():
        return value
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _moment(value: Any) -> str:
    text: str = value.isoformat()
    return text


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    NoneType: lambda _: "\\N",
    str: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    UUID: str,
    date: _moment,
    datetime: _moment,
    dict: _json,
    list: _json,
}
