"""Who may do what in an office, stated a second time: a role that gains or loses an operation shows here."""

import pytest

from contracts.roles import ENTITY_WIDE, MATRIX, Grant, Operation, Role, is_allowed, services_for

# s: sportello, u: ufficio, c: contabile, a: amministratore, r: revisore
ALLOWED = {
    "practices.find": "sucr",
    "practices.insert": "su",
    "practices.print": "su",
    "practices.amend": "u",
    "practices.annul": "u",
    "practices.restore": "u",
    "debts.import": "u",
    "payments.read": "cr",
    "receipts.take": "c",
    "settlement.read": "cr",
    "settlement.write": "c",
    "refunds.write": "c",
    "exports.read": "cr",
    "catalogue.read": "ar",
    "catalogue.write": "a",
    "people.read": "ar",
    "people.write": "a",
    "keys.read": "ar",
    "keys.write": "a",
    "webhooks.read": "ar",
    "webhooks.write": "a",
    "audit.read": "ar",
    "failures.read": "ar",
    "failures.write": "a",
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("operation", list(Operation))
def test_each_role_allows_what_the_table_says_and_nothing_else(role: Role, operation: Operation) -> None:
    assert is_allowed([Grant(role=role.value)], operation) is (role.value[0] in ALLOWED[operation.value])


def test_every_role_and_operation_is_in_the_matrix() -> None:
    assert set(MATRIX) == set(Role)
    assert set(ALLOWED) == {one.value for one in Operation}
    assert {one.value for one in ENTITY_WIDE} == {"amministratore", "revisore"}


def test_who_audits_writes_nothing_and_who_gives_roles_out_moves_no_money() -> None:
    writes = {"practices.insert", "practices.print", "practices.amend", "practices.annul", "practices.restore"}
    writes |= {
        "debts.import",
        "receipts.take",
        "settlement.write",
        "refunds.write",
        "catalogue.write",
        "people.write",
        "keys.write",
        "webhooks.write",
    }
    writes |= {"failures.write"}
    assert not writes & {one.value for one in MATRIX[Role.REVISORE]}
    moves_money = {"practices.insert", "practices.amend", "practices.annul", "practices.restore", "refunds.write"}
    assert not moves_money & {one.value for one in MATRIX[Role.AMMINISTRATORE]}


def test_a_role_for_one_service_allows_nothing_for_the_others() -> None:
    grants = [Grant(role="ufficio", service_code="TARI"), Grant(role="ufficio", service_code="MENSA")]
    assert services_for(grants, Operation.AMEND_PRACTICES) == ["MENSA", "TARI"]
    assert services_for(grants, Operation.READ_AUDIT) == []
    assert not is_allowed(grants, Operation.READ_AUDIT)
    everywhere = [*grants, Grant(role="sportello")]
    assert services_for(everywhere, Operation.FIND_PRACTICES) is None
    assert services_for(everywhere, Operation.AMEND_PRACTICES) == ["MENSA", "TARI"]
    assert services_for([], Operation.FIND_PRACTICES) == []
