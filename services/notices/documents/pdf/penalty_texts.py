"""Fixed texts of the notice of a penalty by language: the wording of pagoPA's own form for road traffic offences.

`**` marks bold.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PenaltyTexts:
    """The words about the two amounts of a penalty; each amount's own in a pair, the reduced one first."""

    amount: tuple[str, str]
    within: tuple[str, str]
    within_long: tuple[str, str]
    choose: str
    how_counted: str
    how_counted_answer: str
    unclaimed: str
    unclaimed_answer: str


PENALTY_TEXTS: Final = {
    "it": PenaltyTexts(
        amount=("Importo scontato del 30%", "Importo ridotto"),
        within=("**entro 5 giorni** dalla notifica", "**dal 6º al 60º giorno** dalla notifica"),
        within_long=(
            "**entro 5 giorni** dalla notifica del verbale",
            "**dal 6º al 60º giorno** dalla notifica del verbale",
        ),
        choose=(
            "Scegli l’importo corretto per i termini previsti, altrimenti riceverai altre richieste di pagamento per"
            " le somme residue ed eventuali somme aggiuntive."
        ),
        how_counted="Come si calcolano le scadenze?",
        how_counted_answer=(
            "Il giorno della notifica non si conta. Se la scadenza è di domenica (o festivo), puoi pagare anche il"
            " primo giorno feriale successivo."
        ),
        unclaimed="Cosa succede in caso di giacenza?",
        unclaimed_answer=(
            "La notifica corrisponde al giorno del ritiro, se questo avviene entro 10 giorni dalla data di deposito"
            " (la data più vecchia sull’avviso di giacenza). Se non ritiri il verbale entro i 10 giorni, calcola le"
            " scadenze iniziando a contare dall’undicesimo giorno."
        ),
    ),
    "en": PenaltyTexts(
        amount=("30% off", "Reduced amount"),
        within=("**within 5 days** from the notification", "**from the 6th to the 60th day** from the notification"),
        within_long=(
            "**within 5 days** from the notification",
            "**from the 6th to the 60th day** from the notification",
        ),
        choose=(
            "Choose the correct amount depending on deadlines, otherwise you will receive other payment requests for"
            " the remaining and/or additional amounts."
        ),
        how_counted="How are deadlines calculated?",
        how_counted_answer=(
            "The day of notification is not counted. If the due date is a Sunday (or a public holiday), you can also"
            " pay on the next working day."
        ),
        unclaimed="What happens in case of a failed delivery attempt?",
        unclaimed_answer=(
            "The notification is the day of the collection, if this occurs within 10 days from the date printed on the"
            " non-delivery notice. If you don’t collect the notice within 10 days, count the deadlines starting from"
            " the 11th day."
        ),
    ),
    "de": PenaltyTexts(
        amount=("Um 30% reduzierter Betrag", "Reduzierte Zahlung"),
        within=("**innerhalb 5 Tagen** ab Zustellungsdatum", "**vom 6. bis 60. Tag** ab Zustellungsdatum"),
        within_long=("**innerhalb 5 Tagen** ab Zustellungsdatum", "**vom 6. bis 60. Tag** ab Zustellungsdatum"),
        choose="Den zur eigenen Frist passenden Bereich auswählen.",
        how_counted="Wie werden die Fristen berechnet?",
        how_counted_answer=(
            "Der Tag der Zustellung wird nicht mitgerechnet. Fällt die Frist auf einen Sonntag (oder Feiertag), kann"
            " am ersten folgenden Werktag bezahlt werden."
        ),
        unclaimed="Was passiert bei Lagerung?",
        unclaimed_answer=(
            "Die Zustellung entspricht dem Tag der Abholung, wenn diese innerhalb von 10 Tagen nach dem Lagerdatum"
            " erfolgt. Wird der Bericht nicht innerhalb von 10 Tagen abgeholt, sind die Fristen ab dem elften Tag zu"
            " berechnen."
        ),
    ),
    "fr": PenaltyTexts(
        amount=("Montant réduit de 30%", "Montant réduit"),
        within=(
            "**dans les 5 jours** suivant la notification",
            "**entre le 6e et le 60e jour** à compter de la notification",
        ),
        within_long=(
            "**dans les 5 jours** suivant la notification du procès-verbal",
            "**entre le 6e et le 60e jour** à compter de la notification du procès-verbal",
        ),
        choose=(
            "Choisissez le montant correct pour les délais prévus, sinon vous recevrez d’autres demandes de paiement"
            " pour les sommes restantes et les frais supplémentaires éventuels."
        ),
        how_counted="Comment sont calculées les échéances\u00a0?",
        how_counted_answer=(
            "Le jour de la notification n’est pas compté. Si l’échéance tombe un dimanche (ou à un jour férié), vous"
            " pouvez également payer le premier jour ouvrable suivant."
        ),
        unclaimed="Que se passe-t-il en cas de conservation au bureau de poste\u00a0?",
        unclaimed_answer=(
            "La notification correspond au jour du retrait, si celui-ci a lieu dans les 10 jours à compter de la date"
            " de dépôt (la date la plus ancienne figurant sur l’avis de passage). Si vous ne retirez pas le"
            " procès-verbal dans les 10 jours, calculez les échéances en commençant à compter à partir du onzième"
            " jour."
        ),
    ),
    "sl": PenaltyTexts(
        amount=("Znesek s 30-% popustom", "Zmanjšan znesek"),
        within=("**v 5 dneh** od vročitve zapisnika", "**od 6. do 60. dne** od vročitve zapisnika"),
        within_long=("**v 5 dneh** od vročitve zapisnika", "**od 6. do 60. dne** od vročitve zapisnika"),
        choose=(
            "Izberite pravilen znesek za predvidene roke, sicer boste prejeli druge zahteve za plačilo za preostale"
            " zneske in morebitne dodatne zneske."
        ),
        how_counted="Kako se izračunajo roki zapadlosti?",
        how_counted_answer=(
            "Dan izdaje obvestila se ne všteva. Če je rok zapadlosti nedelja (ali praznik), lahko plačilo izvedete"
            " tudi naslednji prvi delovni dan."
        ),
        unclaimed="Kaj se zgodi, če pismo ni izročeno?",
        unclaimed_answer=(
            "Obvestilo ustreza dnevu prevzema, če se to zgodi v 10 dneh od datuma prispetja (najstarejši datum na"
            " obvestilu o prispelem pismu). Če zapisnika ne prevzamete v 10 dneh, izračunajte roke zapadlosti, ki"
            " začnejo teči z enajstim dnem."
        ),
    ),
}
