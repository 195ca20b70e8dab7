"""The counter of a PSP, for a payment nobody has asked for: the creditor answers what is said with a notice."""

import re
from typing import Final

import falcon
from lxml import etree

from sandbox.pagopa.forms import read_form
from sandbox.pagopa.node_client import NodeClient, StationFault
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.registry import PSPS, DemandedService, Registry

_STUDENT: Final = {"studente": "nominativo", "corso": "corso", "scuola": "scuola", "contributo": "contributo"}
_AMOUNT: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?")


class DemandForm:
    """Ask (GET), and send the demand to the creditor (POST); what it answers is paid at the counter as any notice."""

    def __init__(self, pages: Pages, node: NodeClient, registry: Registry) -> None:
        self._pages = pages
        self._node = node
        self._registry = registry

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Show the empty form."""
        self._show(resp, {})

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send what was typed; the creditor's refusal is read to the citizen."""
        typed = read_form(req)
        service = next((one for one in self._registry.demanded if one.key == typed.get("servizio")), None)
        if service is None:
            self._show(resp, typed, "Scegli un servizio.")
            return
        creditor = self._registry.creditor(service.creditor_fiscal_code)
        try:
            number = self._node.demand(creditor, service, specific_data(service, typed))
            verified = self._node.verify(creditor, number)
        except StationFault as fault:
            self._show(resp, typed, f"{fault.code}: {fault.reason or fault.description}")
            return
        self._pages.show(resp, "counter_notice.html", creditor=creditor, number=number, verified=verified, psps=PSPS)

    def _show(self, resp: falcon.Response, typed: dict[str, str], problem: str | None = None) -> None:
        services = self._registry.demanded
        self._pages.show(resp, "counter_demand.html", services=services, typed=typed, problem=problem)


def specific_data(service: DemandedService, typed: dict[str, str]) -> bytes:
    """Write the creditor's own XML from what was typed; what is missing is left for the creditor to find."""
    root = etree.Element("datiSpecificiServizio")
    _add(root, "codiceFiscale", typed.get("codice_fiscale", "").upper())
    _add(root, "nominativo", typed.get("nominativo", ""))
    _add(root, "importo", _amount(typed.get("importo", "")))
    if service.needs_student:
        student = etree.SubElement(root, "studente")
        for field, tag in _STUDENT.items():
            _add(student, tag, typed.get(field, ""))
    else:
        _add(root, "causale", typed.get("causale", ""))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _amount(text: str) -> str:
    found = _AMOUNT.fullmatch(text)
    return f"{found[1]}.{(found[2] or '').ljust(2, '0')}" if found else text


def _add(parent: etree._Element, name: str, text: str) -> None:
    if text:
        etree.SubElement(parent, name).text = text
