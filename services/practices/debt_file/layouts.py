"""The layouts of other software, by the names of their columns: GovPay's, and that of pagoPA's Piattaforma Unitaria.

Each is told by names that no other has. Their amounts go to the accounts of our catalogue, so a row that pays somebody
else, buys a stamp, annuls, or is of another body says so in EXTRAS, and is refused there rather than read by half.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.practices.debt_file.columns import Values, blank_values

Raw = Mapping[str, str]
"""A row by its own headers, folded."""
_ZERO: Final = re.compile(r"0+([.,]0+)?")
_OTHER_PAYEE: Final = re.compile(r"\D+[2-5]")
_TRUE: Final = frozenset({"true", "1", "s", "si", "sì", "y", "yes", "vero"})


@dataclass(frozen=True)
class Layout:
    """A layout: the headers, folded, that tell it, and how a row of it is read."""

    name: str
    told_by: frozenset[str]
    values: Callable[[Raw], Values]


def layout_of(headers: Collection[str]) -> Layout | None:
    """Return the layout that has these headers, None where it is none of them."""
    return next((layout for layout in _LAYOUTS if layout.told_by.issubset(headers)), None)


def govpay_values(raw: Raw) -> Values:
    """Return a row of GovPay's `tracciato pendenze`. An amount of zero annuls there.

    Debts of a document are its instalments (`numeroRata` a number), one sum, or a sum until or after some days (ENTRO5,
    OLTRE5): options of one debt position.
    """
    document, part = raw.get("iddocumento", ""), raw.get("numerorata", "")
    option = "rate" if part.isdigit() else part or "unica"
    amount = raw.get("importo", "")
    return {
        **blank_values(),
        **_taken(raw, _GOVPAY),
        "servizio": _either(raw, ("tipopendenza", "idtipopendenza")),
        "scadenza": _either(raw, ("datascadenza", "datavalidita")),
        "posizione": document,
        "opzione": option if document else "",
        "azione": "annullamento" if _ZERO.fullmatch(amount) else "",
        "bollo": _first(raw, "tipobollovoce"),
        "beneficiari": _first(raw, "iddominiovoce"),
    }


def unified_values(raw: Raw) -> Values:
    """Return a row of the Piattaforma Unitaria's file, in any of its versions. `azione`: I and M put a debt."""
    position, option = raw.get("iupd", "") or raw.get("iupdorg", ""), _either(raw, _UNIFIED_OPTION)
    has_option = bool(position and option)
    action = _either(raw, ("azione", "action")).upper()
    is_draft = raw.get("draft", "").casefold() in _TRUE
    others = next((text for name, text in raw.items() if text and _OTHER_PAYEE.fullmatch(name)), "")
    is_shared = _either(raw, ("flagmultibeneficiario", "flagmultibeneficiary")).casefold() in _TRUE
    return {
        **blank_values(),
        **{ours: _either(raw, theirs) for ours, theirs in _UNIFIED.items()},
        "posizione": position if has_option else "",
        "opzione": option if has_option else "",
        "azione": "bozza" if is_draft else "" if action in {"", "I", "M"} else action,
        "beneficiari": others or ("altri" if is_shared else ""),
    }


_GOVPAY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "codice_debito": "idpendenza",
        "codice_fiscale": "identificativopagatore",
        "cognome_nome": "anagraficapagatore",
        "email": "emailpagatore",
        "causale": "causale",
        "importo": "importo",
        "ente": "iddominio",
        "numero_avviso": "numeroavviso",
    }
)
# Its names until version 1.4, then those of version 2.
_UNIFIED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "codice_debito": ("iud", "iud"),
        "servizio": ("tipodovuto", "debtpositiontypecode"),
        "codice_fiscale": ("codiceidentificativounivoco", "fiscalcode"),
        "cognome_nome": ("anagraficapagatore", "fullname"),
        "email": ("emailpagatore", "email"),
        "causale": ("causaleversamento", "remittanceinformation"),
        "importo": ("importodovuto", "amount"),
        "scadenza": ("dataesecuzionepagamento", "duedate"),
        "numero_avviso": ("codiuv", "iuv"),
    }
)
_UNIFIED_OPTION: Final = ("indiceopzionepagamento", "paymentoptionindex")
_UNIFIED_TOLD: Final = ("codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo")
_LAYOUTS: Final = (
    Layout("govpay", frozenset({"idpendenza", "identificativopagatore", "importo", "causale"}), govpay_values),
    Layout("unified", frozenset(_UNIFIED[name][0] for name in _UNIFIED_TOLD), unified_values),
    Layout("unified-2", frozenset(_UNIFIED[name][1] for name in _UNIFIED_TOLD), unified_values),
)


def _taken(raw: Raw, names: Mapping[str, str]) -> Values:
    return {ours: raw.get(theirs, "") for ours, theirs in names.items()}


def _either(raw: Raw, names: tuple[str, str]) -> str:
    return raw.get(names[0]) or raw.get(names[1], "")


def _first(raw: Raw, beginning: str) -> str:
    """Return the first text under headers that begin so (`tipoBolloVoce1`, `tipoBolloVoce2`)."""
    return next((text for name, text in raw.items() if text and name.startswith(beginning)), "")
