"""Who may do what in a body's office: its roles, its operations, and the one matrix of both.

The names of the roles are what operators read; they stand in the database and in messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from marshmallow.validate import Length, OneOf

from contracts.message import Message


class Role(StrEnum):
    """What a person is in the office of an entity; one person may be several."""

    SPORTELLO = "sportello"
    UFFICIO = "ufficio"
    CONTABILE = "contabile"
    AMMINISTRATORE = "amministratore"
    REVISORE = "revisore"


class Operation(StrEnum):
    """What can be done in an office."""

    FIND_PRACTICES = "practices.find"
    INSERT_PRACTICES = "practices.insert"
    PRINT_PRACTICES = "practices.print"
    AMEND_PRACTICES = "practices.amend"
    ANNUL_PRACTICES = "practices.annul"
    RESTORE_PRACTICES = "practices.restore"
    IMPORT_DEBTS = "debts.import"
    READ_PAYMENTS = "payments.read"
    TAKE_RECEIPTS = "receipts.take"
    READ_SETTLEMENT = "settlement.read"
    WRITE_SETTLEMENT = "settlement.write"
    WRITE_REFUNDS = "refunds.write"
    EXPORT = "exports.read"
    READ_CATALOGUE = "catalogue.read"
    WRITE_CATALOGUE = "catalogue.write"
    READ_PEOPLE = "people.read"
    WRITE_PEOPLE = "people.write"
    READ_KEYS = "keys.read"
    WRITE_KEYS = "keys.write"
    READ_WEBHOOKS = "webhooks.read"
    WRITE_WEBHOOKS = "webhooks.write"
    READ_AUDIT = "audit.read"
    READ_FAILURES = "failures.read"
    WRITE_FAILURES = "failures.write"


_COUNTER: Final = frozenset({Operation.FIND_PRACTICES, Operation.INSERT_PRACTICES, Operation.PRINT_PRACTICES})
MATRIX: Final[Mapping[Role, frozenset[Operation]]] = MappingProxyType(
    {
        Role.SPORTELLO: _COUNTER,
        Role.UFFICIO: _COUNTER
        | {
            Operation.AMEND_PRACTICES,
            Operation.ANNUL_PRACTICES,
            Operation.RESTORE_PRACTICES,
            Operation.IMPORT_DEBTS,
        },
        Role.CONTABILE: frozenset(
            {
                Operation.FIND_PRACTICES,
                Operation.READ_PAYMENTS,
                Operation.TAKE_RECEIPTS,
                Operation.READ_SETTLEMENT,
                Operation.WRITE_SETTLEMENT,
                Operation.WRITE_REFUNDS,
                Operation.EXPORT,
            }
        ),
        # Whoever gives the roles out moves no money: an administrator who shall needs another role too, and that shows.
        Role.AMMINISTRATORE: frozenset(
            {
                Operation.READ_CATALOGUE,
                Operation.WRITE_CATALOGUE,
                Operation.READ_PEOPLE,
                Operation.WRITE_PEOPLE,
                Operation.READ_KEYS,
                Operation.WRITE_KEYS,
                Operation.READ_WEBHOOKS,
                Operation.WRITE_WEBHOOKS,
                Operation.READ_AUDIT,
                Operation.READ_FAILURES,
                Operation.WRITE_FAILURES,
            }
        ),
        Role.REVISORE: frozenset(
            {
                Operation.FIND_PRACTICES,
                Operation.READ_PAYMENTS,
                Operation.READ_SETTLEMENT,
                Operation.EXPORT,
                Operation.READ_CATALOGUE,
                Operation.READ_PEOPLE,
                Operation.READ_KEYS,
                Operation.READ_WEBHOOKS,
                Operation.READ_AUDIT,
                Operation.READ_FAILURES,
            }
        ),
    }
)
ENTITY_WIDE: Final = frozenset({Role.AMMINISTRATORE, Role.REVISORE})
"""Roles that cannot be held for one service alone: people and audit are the whole entity's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Message):
    """A role of a person in an entity; for one of its services where `service_code` says so, else for all."""

    role: Annotated[str, OneOf([role.value for role in Role])]
    service_code: Annotated[str, Length(1, 35)] | None = None


def is_allowed(grants: Iterable[Grant], operation: Operation) -> bool:
    """Return whether these roles allow an operation, for one service at least."""
    return any(operation in MATRIX[Role(one.role)] for one in grants)


def services_for(grants: Iterable[Grant], operation: Operation) -> list[str] | None:
    """Return for which services these roles allow an operation, in order: none at all, or None for every one."""
    codes = [one.service_code for one in grants if operation in MATRIX[Role(one.role)]]
    return None if None in codes else sorted({code for code in codes if code is not None})
