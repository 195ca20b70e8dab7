"""What the fields of Inserimento pratica show beside what was typed: for the form, and where an office tries it out."""

from collections.abc import Mapping
from typing import Any

from contracts.rpc.practices import CatalogueService
from gateway.web.amount_rules import amount_hint
from gateway.web.extra_fields import form_name, hint_of
from gateway.web.insertion_form import BENEFICIARY_FIELDS, composes_description


def shown_fields(service: CatalogueService, language: str) -> Mapping[str, Any]:
    """Return what `insertion_fields.html` needs of a service, by name."""
    return {
        "amount_hint": amount_hint(service, language),
        "extra_hints": {one.name: hint_of(one, language) for one in service.extra_fields},
        "extra_name": form_name,
        "composes_description": composes_description(service),
        "beneficiary_fields": BENEFICIARY_FIELDS,
    }
