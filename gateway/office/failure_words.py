"""What it means that an event got stuck, for each part of the portal that hears events."""

from collections.abc import Mapping
from typing import Final

from gateway.translations import marked as _

CONSUMERS: Final[Mapping[str, str]] = {
    "cart.on_payment_confirmed": _("Il carrello non sa che la pratica è pagata"),
    "notices.on_consent_granted": _("Il consenso alle e-mail non è arrivato"),
    "notices.on_consent_revoked": _("La revoca del consenso alle e-mail non è arrivata"),
    "notices.on_payment_confirmed": _("La conferma del pagamento non parte per e-mail"),
    "notices.on_practice_amended": _("I promemoria hanno i dati di prima della modifica"),
    "notices.on_practice_cancelled": _("I promemoria non sanno che la pratica è annullata"),
    "notices.on_practice_created": _("I promemoria non conoscono la pratica"),
    "notices.on_practice_expired": _("I promemoria non sanno che la pratica è scaduta"),
    "notices.on_webhook_disabled": _("L'ente non sa che le sue notifiche sono sospese"),
    "payments.on_practice_amended": _("Chi paga trova i dati di prima della modifica"),
    "payments.on_practice_cancelled": _("La pratica annullata si può ancora pagare"),
    "payments.on_practice_created": _("La pratica non si trova subito al momento di pagare"),
    "payments.on_practice_expired": _("La pratica scaduta si può ancora pagare"),
    "practices.on_checkout_abandoned": _("La pratica resta «Non confermato»"),
    "practices.on_checkout_started": _("La pratica non mostra che qualcuno la sta pagando"),
    "practices.on_payment_confirmed": _("La pratica pagata resta da pagare"),
    "practices.on_payment_duplicated": _("La pratica non mostra il denaro inatteso"),
    "practices.on_payment_reported": _("La pratica non mostra che è rendicontata"),
}
"""By consumer: what people notice of it until it is replayed."""
