"""A plan of instalments typed in at the counter: divided by the page, changed by hand, then made whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final
from uuid import uuid4

import falcon

from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office
from contracts.rpc.office import PLAN_INSTALMENTS_MAX, OfficePlanRequest, PlannedInstalment
from contracts.rpc.operators import actor_of
from gateway.edge.bodies import read_form
from gateway.messages import MESSAGES
from gateway.office import addresses, plan_schedule
from gateway.office.desk import Desk, OfficeForm
from gateway.office.insertion import FIELD_OF_CODE, FIELDS, SENTENCES
from gateway.office.practice_changes import typed_day
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import PLAN_INSERTED
from gateway.web.formats import filters_of
from gateway.web.page import Form, cleaned, form_key, see_other

_PLAN_FIELDS: Final[Mapping[str, int]] = {**FIELDS, "rate": 3, "prima": 40, "ogni": 2}
_FORM_FIELDS_MAX: Final = 2 * PLAN_INSTALMENTS_MAX + 40
_NO_COUNT: Final = _("Scrivi quante rate, da 2 a 60.")
_NO_DATE: Final = _("Scrivi la data come giorno, mese e anno.")
_TOO_SMALL: Final = _("Il totale non basta per tante rate.")
_OTHER_COUNT: Final = _("Il numero di rate è cambiato: calcolale di nuovo.")
_OTHER_SUM: Final = _("La somma delle rate non è il totale: correggi le rate, o il totale.")
_NOT_AFTER: Final = _("Ogni rata scade dopo quella che la precede.")
_FIRST_STEP: Final = "calcola"


@dataclass(frozen=True)
class PlanForm:
    """What is typed: the debt's fields, and of each instalment, once they were divided, amount and day."""

    typed: Mapping[str, str]
    rows: Sequence[tuple[str, str]] = ()
    key: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


class _WrongError(Exception):
    """Something of the form cannot be so: `errors` by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__()
        self.errors = errors


class InsertPlan(OfficeForm):
    """Inserisci un piano di rate."""

    operation = Operation.INSERT_PRACTICES

    def read(self, req: falcon.Request) -> Form:
        """Read the form: two fields for each instalment."""
        return read_form(req, max_fields=_FORM_FIELDS_MAX)

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form. Raises as `enter` does."""
        desk = self.enter(req, entity, self.operation)
        typed = {**dict.fromkeys(_PLAN_FIELDS, ""), "ogni": "1"}
        self._write(req, resp, desk, PlanForm(typed, key=str(uuid4())))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Divide the total and show the instalments; or make the plan and show its first one."""
        plan = _typed(form)
        try:
            if form.get("passo") == _FIRST_STEP or not plan.rows:
                rows = _divided(plan.typed, visit_of(req).language)
                self._write(req, resp, desk, PlanForm(plan.typed, rows, plan.key))
                return
            made = visit_of(req).call(office.INSERT_PLAN, self._request(desk, plan))
        except _WrongError as wrong:
            self._write(req, resp, desk, PlanForm(plan.typed, plan.rows, plan.key, wrong.errors))
            return
        except Refused as refusal:
            name = FIELD_OF_CODE.get(refusal.code)
            if name is None:
                raise
            sentence = SENTENCES.get(refusal.code) or MESSAGES[refusal.code].sentence
            self._write(req, resp, desk, PlanForm(plan.typed, plan.rows, plan.key, {name: sentence}))
            return
        first = made.practices[0]
        see_other(resp, announcing(addresses.practice(desk.entity.code, first.id), PLAN_INSERTED))

    def _request(self, desk: Desk, plan: PlanForm) -> OfficePlanRequest:
        """Read the whole form. Raises _WrongError, and Refused for what cannot be read."""
        typed = plan.typed
        instalments = _instalments(plan.rows)
        if str(len(instalments)) != typed["rate"]:
            raise _WrongError({"rate": _OTHER_COUNT})
        if sum(one.amount_cents for one in instalments) != AmountCents.typed(typed["importo"]):
            raise _WrongError({"importo": _OTHER_SUM})
        if not typed["servizio"]:
            raise Refused(ErrorCode.UNKNOWN_SERVICE)
        return OfficePlanRequest(
            idempotency_key=plan.key,
            entity_code=desk.entity.code,
            service_codes=desk.services(self.operation),
            actor=actor_of(desk.operator),
            service_code=typed["servizio"],
            fiscal_code=typed["fiscal_code"],
            full_name=typed["nome"],
            email=typed["email"] or None,
            description=typed["causale"],
            external_id=typed["rif"] or None,
            instalments=instalments,
        )

    def _write(self, req: falcon.Request, resp: falcon.Response, desk: Desk, plan: PlanForm) -> None:
        codes = desk.services(self.operation)
        self.show(
            req,
            resp,
            "insert_plan.html",
            desk,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if plan.errors else HTTPStatus.OK,
            typed=plan.typed,
            rows=plan.rows,
            key=plan.key,
            errors=plan.errors,
            steps=plan_schedule.STEPS_OFFERED,
            services=[one for one in desk.entity.services if codes is None or one.code in codes],
        )


def _typed(form: Form) -> PlanForm:
    typed = {name: cleaned(form, name)[:max_chars] for name, max_chars in _PLAN_FIELDS.items()}
    rows = []
    for number in range(1, PLAN_INSTALMENTS_MAX + 1):
        if amount_field(number) not in form:
            break
        rows.append((cleaned(form, amount_field(number))[:40], cleaned(form, day_field(number))[:40]))
    return PlanForm(typed, rows, form_key(form))


def _divided(typed: Mapping[str, str], language: str) -> Sequence[tuple[str, str]]:
    """Return the instalments that the fields ask for, as they are typed. Raises _WrongError, Refused."""
    total_cents, count = AmountCents.typed(typed["importo"]), typed["rate"]
    if not (count.isascii() and count.isdigit() and 2 <= int(count) <= PLAN_INSTALMENTS_MAX):
        raise _WrongError({"rate": _NO_COUNT})
    if total_cents < int(count):
        raise _WrongError({"importo": _TOO_SMALL})
    first = _day(typed["prima"], "prima")
    months = int(typed["ogni"]) if typed["ogni"].isdecimal() else 0
    step = months if months in plan_schedule.STEPS_OFFERED else 1
    written = filters_of(language)["plain_amount"]
    amounts = plan_schedule.amounts(total_cents, int(count))
    days = plan_schedule.due_dates(first, int(count), step)
    return [(written(cents), day.isoformat()) for cents, day in zip(amounts, days, strict=True)]


def _instalments(rows: Sequence[tuple[str, str]]) -> Sequence[PlannedInstalment]:
    """Read the instalments. Raises _WrongError that names the field of each that cannot be so."""
    errors: dict[str, str] = {}
    found: list[PlannedInstalment] = []
    for number, (amount, day) in enumerate(rows, start=1):
        try:
            cents = AmountCents.typed(amount)
        except Refused as refusal:
            errors[amount_field(number)] = MESSAGES[refusal.code].sentence
            continue
        try:
            found.append(PlannedInstalment(amount_cents=cents, due_date=_day(day, day_field(number))))
        except _WrongError as wrong:
            errors |= wrong.errors
    if not errors:
        later = enumerate(pairwise(found), start=2)
        errors = {day_field(number): _NOT_AFTER for number, (one, other) in later if other.due_date <= one.due_date}
    if errors:
        raise _WrongError(errors)
    return found


def _day(text: str, name: str) -> date:
    try:
        day = typed_day(text)
    except Refused:
        day = None
    if day is None:
        raise _WrongError({name: _NO_DATE})
    return day


def amount_field(number: int) -> str:
    """Return the name of the field of an instalment's amount."""
    return f"rata-{number}-importo"


def day_field(number: int) -> str:
    """Return the name of the field of an instalment's due date."""
    return f"rata-{number}-scadenza"
