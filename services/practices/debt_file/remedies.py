"""What is wrong with a refused row and what to do about it, in the words of the office that made the file (Italian)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from contracts.errors import ErrorCode
from services.practices.domain.debt_rules import EMAIL_LEFT_OUT, NOTICE_NUMBER_LEFT_OUT


@dataclass(frozen=True)
class Remedy:
    """What is wrong, and what to do."""

    problem: str
    remedy: str


_TEXT: Final = "Riscrivi la cella senza caratteri di controllo."
_BENEFICIARY: Final = Remedy(
    "Manca qualcosa di chi frequenta: beneficiario, corso, scuola e tipo_contributo vanno insieme.",
    "Compila tutte e quattro le celle, o lasciale vuote tutte e quattro.",
)

_OF_COLUMN: Final[Mapping[tuple[str, str | None], Remedy]] = MappingProxyType(
    {
        (ErrorCode.INVALID_REQUEST, None): Remedy(
            "La riga non ha le colonne dell'intestazione, o le virgolette di una cella non sono chiuse.",
            "Controlla separatori e virgolette di questa riga e di quella sopra, poi salva di nuovo come CSV UTF-8.",
        ),
        (ErrorCode.INVALID_REQUEST, "codice_debito"): Remedy(
            "Il riferimento manca, ha più di 70 caratteri o contiene caratteri di controllo.",
            "Scrivi un riferimento da 1 a 70 caratteri, diverso per ogni debito.",
        ),
        (ErrorCode.INVALID_REQUEST, "cognome_nome"): Remedy("Il nome contiene caratteri di controllo.", _TEXT),
        (ErrorCode.INVALID_REQUEST, "causale"): Remedy("La causale contiene caratteri di controllo.", _TEXT),
        (ErrorCode.INVALID_REQUEST, "rata"): Remedy(
            "La rata e il numero di rate non vanno insieme.",
            "Scrivi due numeri interi, per esempio 2 e 7, o lascia vuote tutte e due le celle.",
        ),
        (ErrorCode.INVALID_REQUEST, "posizione"): Remedy(
            "Posizione e opzione non vanno insieme, o sono troppo lunghe (70 e 35 caratteri).",
            "Compila tutte e due le celle, o lasciale vuote tutte e due; la posizione non finisce con -*.",
        ),
        (ErrorCode.INVALID_REQUEST, "json"): Remedy(
            "Non è un oggetto JSON con i campi di un debito.",
            "Scrivi un oggetto per riga con i campi dell'API (external_id, service_code, fiscal_code, full_name, "
            "amount_cents, description, …), o un documento di GovPay o di pagoPA.",
        ),
        (ErrorCode.INVALID_REQUEST, "ente"): Remedy(
            "La riga è di un altro ente: il suo codice fiscale non è quello di chi carica il file.",
            "Carica la riga per l'ente che la emette.",
        ),
        (ErrorCode.INVALID_REQUEST, "azione"): Remedy(
            "La riga annulla un debito (importo zero, azione A) o è una bozza: un file porta solo debiti da pagare.",
            "Annulla il debito con il suo riferimento, dal tuo gestionale o dal portale, e togli la riga.",
        ),
        (ErrorCode.INVALID_REQUEST, "beneficiari"): Remedy(
            "La riga paga anche un altro ente: le quote le dice il catalogo del servizio, non il file.",
            "Usa un servizio che nel catalogo ha quella quota, e lascia un solo beneficiario nella riga.",
        ),
        (ErrorCode.NAME_REQUIRED, "beneficiario"): _BENEFICIARY,
        (ErrorCode.NAME_REQUIRED, "corso"): _BENEFICIARY,
        (ErrorCode.NAME_REQUIRED, "scuola"): _BENEFICIARY,
        (ErrorCode.NAME_REQUIRED, "tipo_contributo"): _BENEFICIARY,
        (ErrorCode.INVALID_REQUEST, "giorni_ridotto"): Remedy(
            "I giorni dell'importo ridotto non sono un numero da 1 a 365.",
            "Scrivi un numero intero, per esempio 5, o lascia vuota la cella insieme a importo_ridotto.",
        ),
        (ErrorCode.INVALID_AMOUNT, "interessi_annui"): Remedy(
            "Il tasso non si legge in un modo solo.", "Scrivi la percentuale all'anno, per esempio 2,5."
        ),
        (ErrorCode.AMOUNT_OUT_OF_RANGE, "interessi_annui"): Remedy(
            "Il tasso è zero o più del 100%.",
            "Scrivi la percentuale all'anno, per esempio 2,5, o lascia vuota la cella.",
        ),
        (ErrorCode.SCHEDULE_NOT_ALLOWED, "importo_ridotto"): Remedy(
            "L'importo ridotto non è minore dell'importo, o non basta per le quote degli altri enti.",
            "Scrivi un importo minore di quello pieno e maggiore delle quote fisse del servizio.",
        ),
        (ErrorCode.SCHEDULE_NOT_ALLOWED, "giorni_ridotto"): Remedy(
            "Importo ridotto e giorni non vanno insieme.", "Compila tutte e due le celle, o lasciale vuote tutte e due."
        ),
        (ErrorCode.SCHEDULE_NOT_ALLOWED, "data_notifica"): Remedy(
            "C'è la data di notifica ma nessun importo ridotto.",
            "Compila importo_ridotto e giorni_ridotto, o lascia vuota la data.",
        ),
        (ErrorCode.SCHEDULE_NOT_ALLOWED, "importo_valido_fino"): Remedy(
            "Mora o interessi non hanno un giorno da cui decorrono.",
            "Compila importo_valido_fino o scadenza: si aggiungono dal giorno dopo.",
        ),
    }
)
_OF_CODE: Final[Mapping[str, Remedy]] = MappingProxyType(
    {
        ErrorCode.INVALID_REQUEST: Remedy(
            "Il valore non è un testo, o contiene caratteri di controllo.",
            "Scrivi un testo fra virgolette, senza altro dentro.",
        ),
        ErrorCode.SPREADSHEET_VALUE: Remedy(
            "Il foglio di calcolo ha cambiato il valore in un numero (1,23E+11) o in un errore (#N/D, ####): "
            "le cifre che mancano non si possono più leggere.",
            "Formatta la colonna come testo, scrivi di nuovo il valore per intero e salva come CSV UTF-8.",
        ),
        ErrorCode.DUPLICATE_REFERENCE: Remedy(
            "Lo stesso codice_debito sta in una riga più in alto.",
            "Lascia una riga per debito, o dai a ciascuna un riferimento diverso.",
        ),
        ErrorCode.UNKNOWN_SERVICE: Remedy(
            "Il servizio non è nel catalogo dell'ente.",
            "Scrivi il codice di un servizio del catalogo, o aggiungilo prima e invia di nuovo il file.",
        ),
        ErrorCode.STAMP_REQUIRED: Remedy(
            "Il servizio vende una marca da bollo digitale, che si compra solo per un documento del cittadino.",
            "Togli la riga: questo debito lo inserisce chi paga, dal portale.",
        ),
        ErrorCode.INVALID_FISCAL_CODE: Remedy(
            "Il codice fiscale non è corretto: caratteri mancanti o carattere di controllo sbagliato.",
            "Scrivi tutti i 16 caratteri o le 11 cifre, zeri iniziali compresi; chi non ne ha uno è ANONIMO.",
        ),
        ErrorCode.ANONYMOUS_NOT_ALLOWED: Remedy(
            "Il servizio non ammette debitori senza codice fiscale.",
            "Scrivi il codice fiscale, o ammetti nel catalogo del servizio chi non ne ha uno.",
        ),
        ErrorCode.NAME_REQUIRED: Remedy("Manca il nome del debitore.", "Scrivi cognome e nome, o la denominazione."),
        ErrorCode.NAME_TOO_LONG: Remedy("Il nome ha più di 70 caratteri.", "Abbrevia il nome: pagoPA ne porta 70."),
        ErrorCode.DESCRIPTION_REQUIRED: Remedy("Manca la causale.", "Scrivi per che cosa si paga."),
        ErrorCode.DESCRIPTION_TOO_LONG: Remedy(
            "La causale ha più di 140 caratteri.", "Abbrevia la causale: pagoPA ne porta 140."
        ),
        ErrorCode.INVALID_AMOUNT: Remedy(
            "L'importo non si legge in un modo solo: 1.234 può essere mille euro o uno.",
            "Scrivi gli euro con due decimali dopo la virgola, per esempio 1.234,56.",
        ),
        ErrorCode.AMOUNT_OUT_OF_RANGE: Remedy(
            "L'importo è zero o più di quanto pagoPA possa portare.",
            "Scrivi un importo da 0,01 a 999.999.999,99 euro, o togli la riga.",
        ),
        ErrorCode.AMOUNT_NOT_ALLOWED: Remedy(
            "L'importo non rispetta le regole del servizio: minimo, massimo, multiplo o importo fisso.",
            "Scrivi un importo che il catalogo del servizio ammette.",
        ),
        ErrorCode.SCHEDULE_NOT_ALLOWED: Remedy(
            "Mora e interessi spettano all'ente, che in questo debito non ha una quota.",
            "Lascia vuote le celle di mora e interessi, o scrivi un importo maggiore delle quote degli altri enti.",
        ),
        ErrorCode.EXTRA_FIELD_NOT_ALLOWED: Remedy(
            "Il dato del servizio non è scritto come il catalogo lo vuole: lungo, limiti, forma o elenco dei valori.",
            "Guarda nel catalogo il campo con il nome della colonna, e correggi il valore o lascia vuota la cella.",
        ),
        ErrorCode.INVALID_DATE: Remedy(
            "La data non è una data dal 2000 al 2099, o è un numero che si può leggere in più modi.",
            "Formatta la colonna come data e scrivi il giorno come gg/mm/aaaa, per esempio 31/12/2026, o lascia vuota "
            "la cella.",
        ),
        ErrorCode.DEBTOR_CHANGED: Remedy(
            "Il riferimento è già di un debito di un'altra persona, che ne ha l'avviso.",
            "Usa un riferimento nuovo; se il debitore era sbagliato, annulla prima quel debito.",
        ),
        ErrorCode.PRACTICE_CANCELLED: Remedy(
            "Il debito è stato annullato e non si riapre da solo.",
            "Se è dovuto, invialo con un riferimento nuovo; se no, togli la riga.",
        ),
        ErrorCode.PRACTICE_NOT_AMENDABLE: Remedy(
            "Il debito è pagato o in pagamento: i suoi dati non cambiano più.",
            "Togli la riga, o aspetta l'esito del pagamento in corso e invia di nuovo il file.",
        ),
        NOTICE_NUMBER_LEFT_OUT: Remedy(
            "Il file porta un numero di avviso o uno IUV: i numeri li assegna il portale, e il debito ha il suo.",
            "Se un avviso con il numero del file è già in mano a chi paga, annullalo: si pagherebbe due volte.",
        ),
        EMAIL_LEFT_OUT: Remedy(
            "L'indirizzo e-mail non è fra quelli che pagoPA accetta: il debito è caricato senza.",
            "Se l'indirizzo serve, correggilo e invia di nuovo la riga.",
        ),
    }
)


def remedy_of(code: str | None, column: str | None) -> Remedy | None:
    """Return what to say of a refusal or a warning of a column; None where there is none."""
    if code is None:
        return None
    return _OF_COLUMN.get((code, column)) or _OF_CODE.get(code)
