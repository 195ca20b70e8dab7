"""What a citizen is told about each error: what happened, and what to do next. Italian here, English in locale/."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from contracts.errors import ErrorCode
from gateway.statuses import STATUS_OF
from gateway.translations import marked as _
from gateway.translations import translate


@dataclass(frozen=True)
class Explanation:
    """What happened and what to do next, in Italian: translated where it is shown."""

    sentence: str
    next_step: str


_TRY_AGAIN: Final = _("Riprova tra qualche minuto: i tuoi dati e i tuoi pagamenti sono al sicuro.")
_CORRECT: Final = _("Correggi il campo e invia di nuovo.")
_BACK_TO_LIST: Final = _("Torna all'elenco delle pratiche e riprova da lì.")
_FOR_OFFICES: Final = _("Questa funzione è riservata ai programmi dell'ente.")
_IMPORT: Final = _("Correggi il file e invialo di nuovo: nulla è stato caricato.")

MESSAGES: Final[Mapping[ErrorCode, Explanation]] = {
    ErrorCode.INVALID_REQUEST: Explanation(
        _("La richiesta non è leggibile."), _("Torna alla pagina precedente e riprova.")
    ),
    ErrorCode.INVALID_FISCAL_CODE: Explanation(
        _("Il codice fiscale non è corretto: controlla di aver scritto tutti i 16 caratteri (o le 11 cifre)."), _CORRECT
    ),
    ErrorCode.INVALID_NOTICE_NUMBER: Explanation(
        _("Il codice avviso non è corretto: ha 18 cifre e lo trovi in alto sull'avviso di pagamento."), _CORRECT
    ),
    ErrorCode.INVALID_IBAN: Explanation(
        _("L'IBAN non è corretto: controlla di averlo copiato intero. Servono conti in euro dell'area SEPA."), _CORRECT
    ),
    ErrorCode.INVALID_AMOUNT: Explanation(
        _("L'importo non è leggibile: scrivilo in euro con al massimo due decimali, per esempio 25,00."), _CORRECT
    ),
    ErrorCode.AMOUNT_OUT_OF_RANGE: Explanation(_("L'importo deve essere tra 0,01 e 999.999.999,99 euro."), _CORRECT),
    ErrorCode.AMOUNT_NOT_ALLOWED: Explanation(
        _("Questo servizio non accetta l'importo scritto: leggi accanto al campo che cosa accetta."), _CORRECT
    ),
    ErrorCode.SCHEDULE_NOT_ALLOWED: Explanation(
        _("Come cambia l'importo non va insieme al debito, o a sé stesso: `field` dice quale dato."),
        _("Correggi quel dato e invia di nuovo."),
    ),
    ErrorCode.EXTRA_FIELD_NOT_ALLOWED: Explanation(
        _("Un dato che il servizio chiede manca o non è scritto come serve: `field` dice quale, `problem` che cosa."),
        _("Correggi quel dato e invia di nuovo."),
    ),
    ErrorCode.DESCRIPTION_REQUIRED: Explanation(_("Scrivi la causale del pagamento."), _CORRECT),
    ErrorCode.DESCRIPTION_TOO_LONG: Explanation(_("La causale può avere al massimo 140 caratteri."), _CORRECT),
    ErrorCode.BENEFICIARY_REQUIRED: Explanation(
        _("Servono i dati dello studente: Cognome e Nome, Corso, Scuola, Tipologia di contributo didattico."), _CORRECT
    ),
    ErrorCode.NAME_REQUIRED: Explanation(_("Scrivi cognome e nome."), _CORRECT),
    ErrorCode.NAME_TOO_LONG: Explanation(_("Cognome e nome possono avere insieme al massimo 70 caratteri."), _CORRECT),
    ErrorCode.STAMP_REQUIRED: Explanation(
        _("Servono il documento su cui va la marca da bollo e la provincia di residenza di chi paga."), _CORRECT
    ),
    ErrorCode.INVALID_DATE: Explanation(_("La data non esiste o non è scritta come AAAA-MM-GG."), _CORRECT),
    ErrorCode.DUPLICATE_REFERENCE: Explanation(_("Lo stesso riferimento compare più di una volta nel file."), _IMPORT),
    ErrorCode.SPREADSHEET_VALUE: Explanation(
        _("Un foglio di calcolo ha cambiato il codice in un numero o in un errore (1,23E+11, #N/D)."),
        _("Formatta la colonna come testo, scrivi il codice per intero e invia di nuovo."),
    ),
    ErrorCode.IDEMPOTENCY_CONFLICT: Explanation(
        _("Questo modulo è già stato inviato con dati diversi."),
        _("Apri di nuovo la pagina e controlla l'elenco delle pratiche prima di ripetere."),
    ),
    ErrorCode.TOO_MANY_REQUESTS: Explanation(
        _("Hai fatto troppe richieste in poco tempo."), _("Aspetta un minuto e riprova.")
    ),
    ErrorCode.NOT_FOUND: Explanation(
        _("La pagina che cerchi non esiste."), _("Controlla l'indirizzo o riparti dalla ricerca.")
    ),
    ErrorCode.LINK_NOT_VALID: Explanation(
        _("Questo link non vale più, oppure non è completo."),
        _("Cerca la pratica con il codice avviso, o chiedi all'ente un link nuovo."),
    ),
    ErrorCode.LOGIN_REQUIRED: Explanation(_("Per continuare devi entrare con SPID."), _("Entra con SPID e riprova.")),
    ErrorCode.LOGIN_REFUSED: Explanation(_("L'accesso con SPID non è riuscito."), _("Puoi riprovare ad accedere.")),
    ErrorCode.SPID_LEVEL_TOO_LOW: Explanation(
        _("Questo ente chiede un livello SPID più alto di quello con cui sei entrato."),
        _("Entra di nuovo: ti verrà chiesto il livello che serve, e tornerai qui."),
    ),
    ErrorCode.UNKNOWN_IDENTITY_PROVIDER: Explanation(
        _("Il gestore di identità scelto non è tra quelli disponibili."), _("Scegli un gestore dall'elenco.")
    ),
    ErrorCode.SESSION_EXPIRED: Explanation(
        _("La sessione è scaduta per inattività, a tutela dei tuoi dati."),
        _("Entra di nuovo con SPID: tornerai al punto in cui eri."),
    ),
    ErrorCode.FRESH_LOGIN_REQUIRED: Explanation(
        _("Per chiudere il profilo o cambiare l'e-mail serve un accesso appena fatto."),
        _("Entra di nuovo e ripeti l'operazione entro dieci minuti."),
    ),
    ErrorCode.CSRF_FAILED: Explanation(
        _("Il modulo non è più valido: forse la pagina era aperta da molto tempo."),
        _("Torna alla pagina, ricaricala e invia di nuovo. Nulla è stato modificato."),
    ),
    ErrorCode.CONSENT_MISSING: Explanation(
        _("Prima di continuare devi prendere visione dell'informativa sulla privacy."), _("Completa la registrazione.")
    ),
    ErrorCode.PAYER_NOT_ALLOWED: Explanation(
        _("Questo servizio non è per tutti: alcuni sono solo per le persone, altri solo per imprese ed enti."),
        _("Scegli un altro servizio, oppure entra a nome di chi può usarlo."),
    ),
    ErrorCode.ANONYMOUS_NOT_ALLOWED: Explanation(
        _("Per questo servizio l'inserimento anonimo non è previsto."), _("Entra con SPID e riprova.")
    ),
    ErrorCode.API_KEY_INVALID: Explanation(_("La chiave di accesso non è valida."), _FOR_OFFICES),
    ErrorCode.SCOPE_MISSING: Explanation(_("La chiave di accesso non permette questa operazione."), _FOR_OFFICES),
    ErrorCode.NOT_AN_OPERATOR: Explanation(
        _("Con questa identità non risulti tra le persone dell'ufficio."),
        _("Chiedi a un amministratore dell'ente di invitarti: riceverai un collegamento per e-mail."),
    ),
    ErrorCode.ROLE_MISSING: Explanation(
        _("I tuoi ruoli in questo ufficio non permettono questa operazione."),
        _("Se ti serve, chiedi a un amministratore dell'ente di aggiungerti il ruolo."),
    ),
    ErrorCode.INVITATION_INVALID: Explanation(
        _("Questo invito non vale più: è già stato usato, ritirato o scaduto."),
        _("Se sei già stato accolto entra nell'ufficio; altrimenti chiedi un nuovo invito a chi te lo ha mandato."),
    ),
    ErrorCode.INVITATION_OF_ANOTHER: Explanation(
        _("Questo invito è per un'altra persona: il codice fiscale con cui sei entrato non è il suo."),
        _("Entra con la tua identità, oppure chiedi a chi ti ha invitato di controllare il codice fiscale."),
    ),
    ErrorCode.ALREADY_AN_OPERATOR: Explanation(
        _("Questa persona lavora già in questo ufficio."), _("Per darle altri ruoli apri la sua scheda tra i colleghi.")
    ),
    ErrorCode.LAST_ADMINISTRATOR: Explanation(
        _("È l'ultimo amministratore: senza di lui nessuno potrebbe più invitare o cambiare colleghi."),
        _("Prima dai il ruolo di amministratore a un'altra persona."),
    ),
    ErrorCode.CHANGED_MEANWHILE: Explanation(
        _("Nel frattempo qualcun altro ha modificato questi dati: la tua modifica non è stata fatta."),
        _("Riapri la pagina, guarda che cosa è cambiato e decidi di nuovo."),
    ),
    ErrorCode.UNKNOWN_ENTITY: Explanation(
        _("L'ente indicato non esiste su questo portale."),
        _("Controlla il codice dell'ente, oppure usa il collegamento pubblicato sul sito dell'ente."),
    ),
    ErrorCode.UNKNOWN_SERVICE: Explanation(
        _("Il servizio indicato non esiste o non accetta pagamenti spontanei."),
        _("Scegli un servizio dall'elenco dell'Inserimento spontaneo."),
    ),
    ErrorCode.PRACTICE_NOT_FOUND: Explanation(
        _("Non troviamo nessuna pratica con questi dati."),
        _("Controlla i dati. Se la pratica è di un'altra persona, cercala con il suo codice avviso."),
    ),
    ErrorCode.PRACTICE_PAID: Explanation(
        _("Questa pratica risulta già pagata."), _("Non pagarla di nuovo: trovi la quietanza nello storico.")
    ),
    ErrorCode.PRACTICE_BEING_PAID: Explanation(
        _("Un pagamento di questa pratica è già in corso."),
        _("Attendi che si concluda: se non va a buon fine, la pratica torna da pagare."),
    ),
    ErrorCode.PRACTICE_UNDERPAID: Explanation(
        _("Per questa pratica è arrivato meno del dovuto: la parte che manca non si può pagare con questo avviso."),
        _("Non pagare di nuovo: l'ufficio dell'ente ti contatterà per la parte che manca."),
    ),
    ErrorCode.PRACTICE_EXPIRED: Explanation(
        _("Il termine per pagare questa pratica è passato e il servizio non accetta pagamenti in ritardo."),
        _("Contatta l'ente per sapere come regolarizzare."),
    ),
    ErrorCode.PRACTICE_CANCELLED: Explanation(
        _("L'ente ha annullato questa pratica: non c'è nulla da pagare."), _("Per chiarimenti contatta l'ente.")
    ),
    ErrorCode.PRACTICE_NOT_AMENDABLE: Explanation(_("Questa pratica non si può più modificare."), _FOR_OFFICES),
    ErrorCode.DEBTOR_CHANGED: Explanation(
        _("Il debito è già di un'altra persona: il suo avviso non può passare da un debitore a un altro."),
        _("Annulla il debito e creane uno nuovo, con un altro riferimento."),
    ),
    ErrorCode.EQUAL_PRACTICE_FOUND: Explanation(
        _("Una pratica uguale, con lo stesso servizio, persona e importo, risulta già pagata o in pagamento."),
        _("Controlla prima di pagare due volte: se sono davvero due pagamenti diversi, conferma e paga comunque."),
    ),
    ErrorCode.PRACTICE_ONLINE_ONLY: Explanation(
        _("Questa pratica comprende una marca da bollo digitale e non ha un bollettino da stampare."),
        _("Pagala online da questo portale, con il pulsante Paga."),
    ),
    ErrorCode.STAMP_NOT_FOUND: Explanation(
        _("Per questa pratica non c'è una marca da bollo digitale."),
        _("Arriva insieme alla ricevuta del pagamento: riprova più tardi, oppure entra con SPID se non l'hai fatto."),
    ),
    ErrorCode.RECEIPT_NOT_FOUND: Explanation(
        _("Per questa pratica non c'è ancora una quietanza."),
        _("La quietanza arriva quando il pagamento è confermato: riprova più tardi."),
    ),
    ErrorCode.CART_FULL: Explanation(
        _("Il carrello contiene già cinque avvisi, il massimo che pagoPA permette di pagare insieme."),
        _("Paga il carrello o togli un avviso, poi aggiungi questo. La pratica resta nel tuo elenco."),
    ),
    ErrorCode.CART_EMPTY: Explanation(
        _("Nel carrello non c'è nulla che si possa pagare."), _("Aggiungi una pratica da pagare.")
    ),
    ErrorCode.CART_OTHER_ENTITY: Explanation(
        _("Nel carrello ci sono pratiche di un altro ente: si pagano insieme solo pratiche dello stesso ente."),
        _("Paga o svuota il carrello, poi aggiungi questa pratica."),
    ),
    ErrorCode.AMOUNT_CHANGED: Explanation(
        _("Nel frattempo l'importo è cambiato. Non hai pagato nulla adesso."),
        _("Guarda quanto si paga adesso, e se va bene paga di nuovo."),
    ),
    ErrorCode.AMOUNT_NOT_KNOWN: Explanation(
        _("Adesso non sappiamo quanto si paga: lo dice il sistema dell'ente, che non risponde. Non hai pagato nulla."),
        _("Riprova tra qualche minuto. Se continua, contatta l'ente."),
    ),
    ErrorCode.NOTHING_DUE: Explanation(
        _("Secondo l'ente per questa pratica adesso non c'è nulla da pagare."),
        _("Non pagarla. Se pensi che sia un errore, contatta l'ente."),
    ),
    ErrorCode.OPTION_CLOSED: Explanation(
        _("Questo debito si paga in un solo modo: è già stato pagato, o lo paghi qui, con un'altra soluzione."),
        _("Non pagarlo due volte: togli questa pratica dal carrello, o continua con la soluzione scelta."),
    ),
    ErrorCode.CHECKOUT_NOT_FOUND: Explanation(
        _("Non troviamo questo pagamento, oppure è stato avviato da un altro dispositivo."), _BACK_TO_LIST
    ),
    ErrorCode.CHECKOUT_REFUSED: Explanation(
        _("pagoPA non ha accettato di avviare questo pagamento. Nessun importo è stato addebitato."),
        _("Non dipende da te. Scarica l'avviso e pagalo con un altro canale pagoPA; segnala il problema all'ente."),
    ),
    ErrorCode.CHECKOUT_NOTICE_REFUSED: Explanation(
        _("pagoPA risponde che un avviso del pagamento ora non si può pagare. Nessun importo è stato addebitato."),
        _("Forse qualcuno lo sta già pagando: attendi mezz'ora e riprova, un avviso alla volta."),
    ),
    ErrorCode.CHECKOUT_NOT_ALLOWED: Explanation(
        _("Il pagamento online non è attivo su questo portale. Nessun importo è stato addebitato."),
        _("Scarica l'avviso e pagalo con un altro canale pagoPA; segnala il problema all'ente."),
    ),
    ErrorCode.CHECKOUT_NOTICES_REPEATED: Explanation(
        _("pagoPA ha trovato due volte lo stesso avviso nel pagamento. Nessun importo è stato addebitato."),
        _("Apri il carrello, togli l'avviso ripetuto e paga di nuovo."),
    ),
    ErrorCode.CHECKOUT_TOO_MANY_NOTICES: Explanation(
        _("pagoPA non accetta tanti avvisi in un solo pagamento. Nessun importo è stato addebitato."),
        _("Apri il carrello, togli uno o più avvisi e paga di nuovo."),
    ),
    ErrorCode.IMPORT_NOT_FOUND: Explanation(_("Questo caricamento non esiste."), _FOR_OFFICES),
    ErrorCode.IMPORT_NOT_APPLICABLE: Explanation(
        _("Il file non è in attesa di conferma, o ha righe rifiutate."),
        _("Correggi le righe e invialo di nuovo, o conferma solo quelle accettate."),
    ),
    ErrorCode.IMPORT_WRONG_HEADER: Explanation(_("La prima riga del file non ha le colonne previste."), _IMPORT),
    ErrorCode.IMPORT_NOT_UTF8: Explanation(
        _("Il file non è in UTF-8, UTF-16 o Windows-1252, o ne mescola due."),
        _("Salvalo di nuovo come CSV UTF-8 e invialo: nulla è stato caricato."),
    ),
    ErrorCode.IMPORT_TOO_LARGE: Explanation(_("Il file è troppo grande."), _IMPORT),
    ErrorCode.IMPORT_EMPTY: Explanation(_("Il file è vuoto."), _IMPORT),
    ErrorCode.SETTLEMENT_UNREADABLE: Explanation(
        _("Il file non è un flusso di rendicontazione in XML, base64 o ZIP."), _IMPORT
    ),
    ErrorCode.SETTLEMENT_TOTALS_DIFFER: Explanation(
        _("I totali del flusso di rendicontazione non corrispondono alle sue righe."),
        _("Scarica di nuovo il flusso da pagoPA: nulla è stato caricato."),
    ),
    ErrorCode.SETTLEMENT_OTHER_BODY: Explanation(
        _("Il flusso di rendicontazione è destinato a un altro ente."), _FOR_OFFICES
    ),
    ErrorCode.SETTLEMENT_NOT_FOUND: Explanation(_("Questo flusso di rendicontazione non esiste."), _FOR_OFFICES),
    ErrorCode.MONEY_CASE_NOT_FOUND: Explanation(
        _("Questo pagamento non atteso non esiste, o non è tra quelli che puoi vedere."),
        _("Torna all'elenco e cercalo da lì."),
    ),
    ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED: Explanation(
        _("Nello stato in cui si trova, questo pagamento non atteso non permette l'operazione."),
        _("Riapri la pagina: mostra lo stato di adesso e che cosa si può fare."),
    ),
    ErrorCode.SECOND_PERSON_REQUIRED: Explanation(
        _("Il rimborso deve confermarlo una persona diversa da chi lo ha deciso."),
        _("Chiedi a un collega con il ruolo di contabile di confermarlo."),
    ),
    ErrorCode.REASON_REQUIRED: Explanation(_("Scrivi il motivo."), _CORRECT),
    ErrorCode.REFUND_TOO_LARGE: Explanation(
        _("Il rimborso è maggiore di quanto è arrivato all'ente con questo pagamento."), _CORRECT
    ),
    ErrorCode.NO_REFUNDS_TO_EXPORT: Explanation(
        _("Non ci sono rimborsi decisi da esportare."),
        _("Forse li ha appena esportati un collega: guarda l'elenco dei file."),
    ),
    ErrorCode.REFUND_EXPORT_NOT_FOUND: Explanation(
        _("Questo file di rimborsi non esiste."), _("Torna all'elenco dei file e aprilo da lì.")
    ),
    ErrorCode.SERVICE_UNAVAILABLE: Explanation(_("Il servizio è momentaneamente non disponibile."), _TRY_AGAIN),
    ErrorCode.CHECKOUT_UNAVAILABLE: Explanation(
        _("La pagina di pagamento di pagoPA non risponde. Nessun importo è stato addebitato."), _TRY_AGAIN
    ),
    ErrorCode.CHECKOUT_BUSY: Explanation(
        _("pagoPA riceve troppe richieste e per ora non avvia altri pagamenti. Nessun importo è stato addebitato."),
        _("Aspetta un paio di minuti e riprova."),
    ),
    ErrorCode.CHECKOUT_ERROR: Explanation(
        _("pagoPA ha avuto un problema e non ha aperto la pagina di pagamento. Nessun importo è stato addebitato."),
        _("Riprova tra qualche minuto; se hai fretta, scarica l'avviso e pagalo con un altro canale pagoPA."),
    ),
    ErrorCode.OUTCOME_UNKNOWN: Explanation(
        _("Non abbiamo ricevuto conferma in tempo: l'operazione potrebbe essere stata eseguita oppure no."),
        _("Prima di ripeterla, apri l'elenco delle pratiche e controlla se risulta già fatta."),
    ),
    ErrorCode.INTERNAL_ERROR: Explanation(
        _("Qualcosa non ha funzionato. L'errore è stato registrato."),
        _("Riprova; se succede ancora, scrivi all'ente indicando il riferimento qui sotto."),
    ),
}

_TITLES: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: _("Richiesta non valida"),
    HTTPStatus.UNAUTHORIZED: _("Accesso richiesto"),
    HTTPStatus.FORBIDDEN: _("Operazione non permessa"),
    HTTPStatus.NOT_FOUND: _("Non trovato"),
    HTTPStatus.METHOD_NOT_ALLOWED: _("Questa pagina non si apre così"),
    HTTPStatus.CONFLICT: _("Operazione non possibile"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("Invio troppo grande"),
    HTTPStatus.UNPROCESSABLE_ENTITY: _("Dati da correggere"),
    HTTPStatus.TOO_MANY_REQUESTS: _("Troppe richieste"),
    HTTPStatus.SERVICE_UNAVAILABLE: _("Servizio momentaneamente non disponibile"),
    HTTPStatus.GATEWAY_TIMEOUT: _("Esito non confermato"),
}
_OTHER_TITLE: Final = _("Qualcosa non ha funzionato")
_CODE_TITLES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.SESSION_EXPIRED: _("Sessione scaduta"),
    ErrorCode.SPID_LEVEL_TOO_LOW: _("Serve un accesso di livello più alto"),
    ErrorCode.UNKNOWN_ENTITY: _("Ente non trovato"),
    ErrorCode.PRACTICE_NOT_FOUND: _("Pratica non trovata"),
    ErrorCode.NOT_FOUND: _("Pagina non trovata"),
    ErrorCode.LINK_NOT_VALID: _("Link non valido"),
    ErrorCode.CSRF_FAILED: _("Modulo non più valido"),
    ErrorCode.CART_FULL: _("Il carrello è pieno"),
    ErrorCode.PRACTICE_PAID: _("Pratica già pagata"),
    ErrorCode.PRACTICE_BEING_PAID: _("Pagamento già in corso"),
    ErrorCode.PRACTICE_UNDERPAID: _("È arrivato meno del dovuto"),
    ErrorCode.EQUAL_PRACTICE_FOUND: _("Forse lo hai già pagato"),
    ErrorCode.AMOUNT_NOT_KNOWN: _("Importo non disponibile adesso"),
    ErrorCode.NOTHING_DUE: _("Nulla da pagare"),
    ErrorCode.RECEIPT_NOT_FOUND: _("Quietanza non ancora disponibile"),
}


@dataclass(frozen=True)
class Text:
    """A title and its explanation in one language."""

    title: str
    detail: str


def title_of(code: ErrorCode, status: int) -> str:
    """Return the Italian title of an error: its own, else that of its status."""
    return _CODE_TITLES.get(code) or _TITLES.get(status, _OTHER_TITLE)


def text_of(code: ErrorCode, language: str) -> Text:
    """Return an error's title and explanation in a language."""
    explanation = MESSAGES[code]
    detail = f"{translate(language, explanation.sentence)} {translate(language, explanation.next_step)}"
    return Text(translate(language, title_of(code, STATUS_OF[code])), detail)
