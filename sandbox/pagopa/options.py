"""Payment options as an app shows them: type a notice number, see in which ways its debt can be paid, pay one.

The answer is read as the official file has it (orgs_payment_options.json): what it does not know is shown as wrong.
"""

from typing import Any, Final

import falcon

from sandbox.pagopa.forms import read_form
from sandbox.pagopa.node_client import NodeClient, StationFault
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.registry import Registry

_OK: Final = 200
# Which status goes with which of the creditor's errors (pagopa-obligations.md 4.3); another pair is an alarm at pagoPA.
_PAIRS: Final = {
    **dict.fromkeys(("ODP-101", "ODP-104", "ODP-105", "ODP-106"), 400),
    **dict.fromkeys(("ODP-102", "ODP-110", "ODP-111"), 422),
    **dict.fromkeys(("ODP-108", "ODP-109"), 409),
    "ODP-103": 500,
    "ODP-107": 404,
}
_ANSWER: Final = {"organizationFiscalCode", "companyName", "officeName", "standin", "paymentOptions"}
_OPTION: Final = {
    *("description", "numberOfInstallments", "amount", "dueDate", "validFrom"),
    *("status", "statusReason", "allCCP", "installments"),
}
_PAYABLE: Final = ("POI_UNPAID", "POI_EXPIRED_UNPAID")


class OptionsPage:
    """GET and POST /opzioni."""

    def __init__(self, pages: Pages, node: NodeClient, registry: Registry) -> None:
        self._pages = pages
        self._node = node
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask for a notice; `?avviso=` fills it in."""
        self._show(resp, typed=req.get_param("avviso", default=""))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask the creditor's station, and show what it answers."""
        form = read_form(req)
        typed, verb = form.get("avviso", ""), "GET" if form.get("verbo") == "GET" else "POST"
        creditor = self._registry.creditor(form.get("ente", ""))
        try:
            status, body = self._node.options(creditor, "".join(typed.split()), verb)
            problem = _problem(status, body)
        except StationFault as fault:
            status, body, problem = 0, {}, f"{fault.code} {fault.description}"
        self._show(resp, typed=typed, code=creditor.fiscal_code, status=status, body=body, problem=problem)

    def _show(self, resp: falcon.Response, typed: str, **answer: Any) -> None:
        shown = {"code": "", "status": None, "body": {}, "problem": None, **answer}
        options = shown["body"].get("paymentOptions", []) if shown["problem"] is None else []
        creditors = self._registry.creditors
        self._pages.show(
            resp, "options.html", creditors=creditors, typed=typed, options=options, payable=_PAYABLE, **shown
        )


def _problem(status: int, body: dict[str, Any]) -> str | None:
    """Return what a PSP would be told where there are no options; None where there are."""
    if status != _OK:
        code, said = str(body.get("appErrorCode")), str(body.get("errorMessage"))
        known = _PAIRS.get(code) == status
        return f"ODP-023 ODP_ERRORE_EMESSO_DA_PAA {code} {said}" if known else f"ODP-023 {code} con HTTP {status}"
    if set(body) != _ANSWER:
        return f"La risposta non è quella del documento ufficiale: {sorted(set(body) ^ _ANSWER)}"
    wrong = [option for option in body["paymentOptions"] if set(option) != _OPTION]
    return "Un’opzione non è quella del documento ufficiale" if wrong else None
