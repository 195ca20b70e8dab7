"""Fixed texts of the notice by language: pagoPA's own strings, release 3.2 (specification, section 2.3).

`**` marks bold.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class NoticeTexts:
    """The words of an avviso di pagamento."""

    title: str
    payee: str
    recipient: str
    how_much_and_when: str
    how_much: str
    amount: str
    due: str
    legal: str
    where: str
    go_to: str
    online: str
    online_with_site: str
    online_without_site: str
    locally: str
    locally_places: str
    payment_details: str
    full_amount: str
    instalment: str
    scan: str
    scan_above: str
    scan_above_wide: str
    scan_below: str
    in_full_or_instalments: str
    in_instalments: str
    see_each_instalment: str
    payee_label: str
    subject_label: str
    cbill: str
    notice_code: str
    payee_code: str
    verify: str
    qr_alternative: str
    pagopa_logo: str
    payee_logo: str


NOTICE_TEXTS: Final = {
    "it": NoticeTexts(
        title="Avviso di pagamento",
        payee="Ente Creditore",
        recipient="Destinatario",
        how_much_and_when="Quanto e quando pagare?",
        how_much="Quanto pagare?",
        amount="Importo",
        due="entro il",
        legal=(
            "In fase di pagamento, se previsto dall’ente, l’importo potrebbe essere aggiornato automaticamente e subire"
            " variazioni in diminuzione (per sgravi, note di credito) o in aumento (per sanzioni, interessi, ecc.)."
        ),
        where="Dove pagare?",
        go_to="vai su",
        online="Paga con l’app IO",
        online_with_site=(
            "oppure sul sito di {payee}, dal tuo Home Banking, con la tua app di pagamento o con gli altri canali"
            " abilitati."
        ),
        online_without_site=(
            "oppure dal tuo Home Banking, con la tua app di pagamento o con gli altri canali abilitati."
        ),
        locally="Paga sul territorio",
        locally_places=(
            "presso Banche e Sportelli ATM, negli Uffici Postali e Punti Postali, nei Bar, Edicole, Ricevitorie,"
            " Supermercati, Tabaccherie e altri Operatori Abilitati."
        ),
        payment_details="Dati per il pagamento",
        full_amount="Rata unica",
        instalment="Rata {number}",
        scan="Inquadra il **codice QR** con la tua app di pagamento o usa i dati accanto.",
        scan_above="Inquadra il **codice QR** con la tua app o usa i dati sopra.",
        scan_above_wide="Inquadra il **codice QR** con la tua app di pagamento o usa i dati sopra.",
        scan_below="Inquadra il **codice QR** con la tua app o usa i dati sotto.",
        in_full_or_instalments="Puoi pagare per intero o in {count} rate",
        in_instalments="Puoi pagare in {count} rate",
        see_each_instalment="Importi e scadenze sono riportati nel dettaglio di ogni singola rata.",
        payee_label="Ente Creditore",
        subject_label="Oggetto del pagamento",
        cbill="Cod. CBILL",
        notice_code="Cod. Avviso",
        payee_code="Cod. Fiscale Ente",
        verify="Verifica questo documento: {link}",
        qr_alternative="Codice QR per pagare l’avviso {number}",
        pagopa_logo="Logo pagoPA",
        payee_logo="Logo di {payee}",
    ),
    "en": NoticeTexts(
        title="Payment Notice",
        payee="Payee",
        recipient="Recipient",
        how_much_and_when="How much and when to pay?",
        how_much="How much to pay?",
        amount="Amount",
        due="Due Date",
        legal=(
            "During payment, if allowed by the payee, the amount could be updated automatically and be subject to"
            " changes in decrease (for allowances, credit notes) or increase (for penalties, interest, etc.)."
        ),
        where="Where to pay?",
        go_to="Go to",
        online="Pay with IO app",
        online_with_site=(
            "or with {payee}’s website, your Home Banking, payment app or the other authorized channels."
        ),
        online_without_site="or with your Home Banking, payment app or the other authorized channels.",
        locally="Pay locally",
        locally_places=(
            "at Banks and ATMs, in Post Offices, Cafés, Newsagents, Betting and Tobacco Shops, Supermarkets and other"
            " Enabled Merchants."
        ),
        payment_details="Payment details",
        full_amount="Full amount",
        instalment="Installment #{number}",
        scan="Scan the **QR Code** with your payment app or use the data printed here.",
        scan_above="Scan the **QR Code** with your app or use the data above.",
        scan_above_wide="Scan the **QR Code** with your payment app or use the data above.",
        scan_below="Scan the **QR Code** with your app or use the data below.",
        in_full_or_instalments="You can pay the full amount or split in {count} installments",
        in_instalments="You can pay in {count} installments",
        see_each_instalment="Amounts and due dates are shown in the details of each installment.",
        payee_label="Payee",
        subject_label="Payment Description",
        cbill="CBILL Code",
        notice_code="Notice Code",
        payee_code="Payee Tax Code",
        verify="Verify this document: {link}",
        qr_alternative="QR code to pay notice {number}",
        pagopa_logo="pagoPA logo",
        payee_logo="Logo of {payee}",
    ),
    "de": NoticeTexts(
        title="Zahlungsmitteilung",
        payee="Körperschaft",
        recipient="Empfänger",
        # pagoPA's string says Wieviel, an old spelling.
        how_much_and_when="Wie viel und wann bezahlen?",
        how_much="Wie viel bezahlen?",
        amount="Betrag",
        due="fällig am",
        legal=(
            "Der angeführte Betrag könnte sich auf Grund von allfälligen auch teilweisen Annullierungen oder"
            " Gutschriften, Verzugsgebühren, Strafen, Zinsen oder anderen Kosten ändern."
        ),
        where="Wo bezahlen?",
        go_to="siehe",
        online="Online mit der App IO",
        online_with_site=(
            "oder auf der Website von {payee}, mittels Home Banking, einer Zahlungsapp oder anderer zugelassener"
            " Zahlungsdienstleister."
        ),
        online_without_site=(
            "oder mittels Home Banking, einer Zahlungsapp oder anderer zugelassener Zahlungsdienstleister."
        ),
        locally="In Ihrer Umgebung",
        locally_places=(
            "bei Banken und ATM-Schaltern, in Postämtern und Poststellen, Tabaktrafiken und anderen angebundenen"
            " Dienstleistern."
        ),
        payment_details="Zahlungsinformationen",
        full_amount="Einzige Rate",
        instalment="Rate {number}",
        scan="Den **QR-Code** mit der Zahlungs-App scannen oder folgende Daten verwenden.",
        scan_above="Den **QR-Code** scannen oder obige Daten verwenden.",
        scan_above_wide="Den **QR-Code** mit der Zahlungs-App scannen oder obige Daten verwenden.",
        scan_below="Den **QR-Code** scannen oder folgende Daten verwenden.",
        in_full_or_instalments="Es ist möglich, den Betrag vollständig oder in {count} Raten zu zahlen",
        in_instalments="Es ist möglich, den Betrag in {count} Raten zu zahlen",
        see_each_instalment="Die Beträge und Fälligkeiten sind in den Details der einzelnen Raten angegeben.",
        payee_label="Körperschaft",
        subject_label="Zahlungsgrund",
        cbill="CBILL-Kodex",
        notice_code="Zahlungsmitteilungskodex",
        payee_code="St.Nr. der Körperschaft",
        verify="Dieses Dokument überprüfen: {link}",
        qr_alternative="QR-Code zur Zahlung der Mitteilung {number}",
        pagopa_logo="Logo von pagoPA",
        payee_logo="Logo von {payee}",
    ),
    "fr": NoticeTexts(
        title="Avis de paiement",
        payee="Organisme créancier",
        recipient="Destinataire",
        how_much_and_when="Combien et quand payer ?",
        how_much="Combien payer ?",
        amount="Montant",
        due="avant le",
        legal=(
            "En phase de paiement, si l’organisme le prévoit, le montant pourrait être mis à jour automatiquement et"
            " subir des variations en diminution (pour les réductions, les notes de crédit) ou en augmentation (pour"
            " les sanctions, les intérêts, etc.)."
        ),
        where="Où payer ?",
        go_to="accédez à",
        online="Payez avec l’application IO",
        online_with_site=(
            "ou sur le site de {payee}, depuis votre banque à domicile, avec votre application de paiement ou avec les"
            " autres canaux activés."
        ),
        online_without_site=(
            "ou depuis votre banque à domicile, avec votre application de paiement ou avec les autres canaux activés."
        ),
        locally="Payez sur le territoire",
        locally_places=(
            "dans les banques, les guichets automatiques, les bureaux de poste, les points postaux, les bars, les"
            " kiosques à journaux, les détaillants, les supermarchés, les bureaux de tabac et les autres opérateurs"
            " agréés."
        ),
        payment_details="Données pour le paiement",
        full_amount="Versement unique",
        instalment="Versement {number}",
        scan="Encadrez le **code QR** avec votre application de paiement ou utilisez les données ci-contre.",
        scan_above="Encadrez le **code QR** ou utilisez les données ci-dessus.",
        scan_above_wide="Encadrez le **code QR** avec votre application de paiement ou utilisez les données ci-dessus.",
        scan_below="Encadrez le **code QR** ou utilisez les données ci-dessous.",
        in_full_or_instalments="Vous pouvez payer le montant total ou en {count} échéances",
        in_instalments="Vous pouvez payer en {count} échéances",
        see_each_instalment="Les montants et les échéances sont indiqués en détail pour chaque versement.",
        payee_label="Organisme créancier",
        subject_label="Objet du paiement",
        cbill="Code CBILL",
        notice_code="Code de l’avis",
        payee_code="Code fiscal de l’organisme",
        verify="Vérifier ce document : {link}",
        qr_alternative="Code QR pour payer l’avis {number}",
        pagopa_logo="Logo de pagoPA",
        payee_logo="Logo de {payee}",
    ),
    "sl": NoticeTexts(
        title="Obvestilo o plačilu",
        # pagoPA's string says Plačnik, which is whoever pays.
        payee="Upnik",
        recipient="Prejemnik",
        how_much_and_when="Koliko in kdaj plačati?",
        how_much="Koliko plačati?",
        amount="Znesek",
        due="do",
        legal=(
            "Če upnik to predvidi, se lahko med fazo plačila znesek samodejno posodobi in tudi zmanjša (zaradi"
            " popustov, dobropisov) ali poveča (zaradi kazni, obresti itd.)."
        ),
        where="Kje plačati?",
        go_to="pojdite na",
        online="Plačajte z aplikacijo IO",
        online_with_site=(
            "ali na spletnem mestu {payee}, prek svoje spletne banke, z aplikacijo za plačevanje ali prek drugih"
            " razpoložljivih kanalov."
        ),
        online_without_site=(
            "ali prek svoje spletne banke, z aplikacijo za plačevanje ali prek drugih razpoložljivih kanalov."
        ),
        locally="Plačajte lokalno",
        locally_places=(
            "na bankah in bankomatih, poštnih uradih in poštnih točkah, v barih, kioskih, supermarketih, trafikah in"
            " pri drugih pooblaščenih operaterjih."
        ),
        payment_details="Podatki za plačilo",
        full_amount="Enkratni obrok",
        instalment="Obrok št. {number}",
        scan="Skenirajte **QR-kodo** z aplikacijo za plačila ali uporabite podatke, navedene ob kodi.",
        scan_above="Skenirajte **QR-kodo** ali uporabite zgornje podatke.",
        scan_above_wide="Skenirajte **QR-kodo** z aplikacijo za plačila ali uporabite zgornje podatke.",
        scan_below="Skenirajte **QR-kodo** ali uporabite spodnje podatke.",
        in_full_or_instalments="Plačate lahko v celoti ali v {count} obrokih",
        in_instalments="Plačate lahko v {count} obrokih",
        see_each_instalment="Zneski in roki zapadlosti so podrobno prikazani za vsak posamezen obrok.",
        payee_label="Upnik",
        subject_label="Predmet plačila",
        cbill="Št. CBILL",
        notice_code="Št. obvestila",
        payee_code="Davčna št. upnika",
        verify="Preverite ta dokument: {link}",
        qr_alternative="QR-koda za plačilo obvestila {number}",
        pagopa_logo="Logotip pagoPA",
        payee_logo="Logotip: {payee}",
    ),
}
