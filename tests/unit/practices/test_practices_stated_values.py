"""The constants of practices and debt files, stated: whoever changes one changes it here too, and says so."""

from datetime import date

from tests.unit.stated_values import plain_constants

STATED = {
    "amount_questions.HOLDS_MIN_S": 10,
    "amount_questions.HOLDS_MAX_S": 86_400,
    "archive._NOBODY": "ANONIMO",
    "question_secrets._SECRET_PREFIX": "whsec_",
    "debt.PLAN_BY_REFERENCE": "-*",
    "debt._PLAN": "rate",
    "contrast.CONTRAST_MIN": 4.5,
    "contrast.WHITE": "#ffffff",
    "contrast.TINT": "#f2f7fc",
    "contrast._DARKEST": 0.05,
    "debt_rules.EMAIL_LEFT_OUT": "email_left_out",
    "debt_rules.NOTICE_NUMBER_LEFT_OUT": "notice_number_left_out",
    "debt_rules.EXTERNAL_ID_MAX_CHARS": 70,
    "debt_rules._VIRAMAS": "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca",
    "display.SHOWN_MASKED": (
        *("id", "entity_code", "creditor_name", "service_code", "service_title", "origin", "amount_cents"),
        *("amount_until", "amounts"),
        *(
            "notice_number",
            "iuv",
            "due_date",
            "printed_date",
            "amount_told_at",
            "amount_last_known",
            "payable_until",
            "instalment",
            "state",
            "state_since",
            "state_until",
        ),
        *("overdue", "payable", "not_payable_code", "needs_attention", "online_only", "postal_slip", "created_at"),
    ),
    "logos._BEGIN": b"\x89PNG\r\n\x1a\n",
    "logos._END": b"IEND\xaeB`\x82",
    "logos._SIZE_AT": 16,
    "logos._NAME_DIGITS": 32,
    # Thirteen digits of a notice number are ours.
    "notice_bases.BASES": 10_000_000_000_000,
    "notice_bases._ROUNDS": 8,
    "transfers.TRANSFERS_MAX": 5,
    "transfers.STAMP_CATEGORY": "9/1201105IM/",
    "typed_notice._IUV_DIGITS": 17,
    "typed_notice._NOTICE_DIGITS": 18,
    "typed_notice._MAX_CHARS": 400,
    "cells._NUMBER_STARTS": ("+", "-", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    "cells._ENGLISH_MONTHS": "jan feb mar apr may jun jul aug sep oct nov dec",
    # Day 2 of a spreadsheet is 1 January 1900: it counts 29 February of that year too.
    "cells._SERIAL_ZERO": date(1899, 12, 30),
    "typed_search._PERMUTED_WORDS_MAX": 3,
    "cells._MONTHS": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    "cells._TIME": r"([ Tt]\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?)?",
    "cells._SHAPE_CHARS": 30,
    "charset._MARKS": (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
        (b"\x00\x00\xfe\xff", "utf-32-be"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ),
    # The longest mark; the longest letter that is looked for.
    "charset._HEAD_BYTES": 4,
    "charset._TRACE_BYTES": 3,
    "headers._PADDING": "",
    "headers._COLUMNS_OF_OURS": frozenset(
        {"codice_debito", "servizio", "codice_fiscale", "cognome_nome", "email", "causale", "importo", "scadenza"}
        | {"rata", "rate_totali", "importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino", "mora"}
        | {"interessi_annui", "data_stampata", "posizione", "opzione", "beneficiario", "corso", "scuola"}
        | {"tipo_contributo"}
    ),
    "headers._MARKS": frozenset({"'", "’"}),
    "json_layouts.NOT_AN_OBJECT": "json",
    "json_layouts._IN_HUNDREDTHS": ("_cents", "_basis_points"),
    "json_layouts._NUMBER_MAX": 1_000_000_000_000_000_000,
    "json_layouts._SERVICE_KEYS": frozenset({"servizio", "service_code"}),
    "json_records.DOCUMENT_LISTS": ("paymentPositions", "inserimenti", "annullamenti"),
    "json_records._DOCUMENT_KEYS": frozenset(
        {"paymentPositions", "inserimenti", "annullamenti", "idTracciato", "idDominio", "responseURL"}
    ),
    "json_records._FIRST_KEY_CHARS": 200,
    "json_records._BLANK": " \t\r\n\ufeff",
    "json_records._OBJECT_MAX_CHARS": 8_388_608,
    "layouts._TRUE": frozenset({"true", "1", "s", "si", "sì", "y", "yes", "vero"}),
    "layouts._UNIFIED_OPTION": ("indiceopzionepagamento", "paymentoptionindex"),
    "layouts._UNIFIED_TOLD": ("codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo"),
    "packed_files._GZIP_MARK": b"\x1f\x8b",
    "packed_files._PIECE_BYTES": 1_048_576,
    "packed_files._GZIP_OR_ZLIB": 31,
    "remedies._TEXT": "Riscrivi la cella senza caratteri di controllo.",
    "columns.COLUMNS": (
        *("codice_debito", "servizio", "codice_fiscale", "cognome_nome", "email", "causale", "importo", "scadenza"),
        *("rata", "rate_totali"),
    ),
    "columns.OPTIONAL_COLUMNS": (
        *("importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino", "mora", "interessi_annui"),
        *("data_stampata", "posizione", "opzione", "beneficiario", "corso", "scuola", "tipo_contributo"),
    ),
    "columns.NEEDED_COLUMNS": frozenset(
        {"codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo"}
    ),
    "columns.WORDS": frozenset({"cognome_nome", "causale", "beneficiario", "corso", "scuola", "tipo_contributo"}),
    "columns.MAY_BE_ABSENT": frozenset(
        {"email", "scadenza", "rata", "rate_totali"}
        | {"importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino", "mora", "interessi_annui"}
        | {"data_stampata", "posizione", "opzione", "beneficiario", "corso", "scuola", "tipo_contributo"}
    ),
    "extras._BETWEEN": " - ",
    "list_filter.WORDS_MAX": 6,
    "states.WITH_MONEY": ("underpaid", "paid", "reported"),
    "columns.REPORT_COLUMNS": ("riga", "colonna", "valore", "problema", "rimedio"),
    "columns.EXTRAS": ("ente", "azione", "beneficiari", "bollo", "numero_avviso"),
    # At once; as a job.
    "files.FILE_MAX_BYTES": 5_242_880,
    "files.ROWS_MAX": 20_000,
    "files.JOB_MAX_BYTES": 536_870_912,
    "files.JOB_ROWS_MAX": 1_000_000,
    "files._HEADER_MAX_BYTES": 65_536,
    "files._JSON_BEGINNINGS": ("{", "["),
    "rows._REMEMBERED": 256,
    "rows._LEFT_OUT": frozenset({"email", "numero_avviso"}),
    "written_rows._CELL_MAX_CHARS": 1_000,
    "written_rows._IN_HUNDREDTHS": ("_cents", "_basis_points"),
    "table._SEPARATORS": (";", ",", "\t", "|"),
    "table._CELL_LINES_MAX": 10,
    "table._LINE_MAX_CHARS": 8_388_608,
    "table._OVERLONG": '"',
}


def test_the_constants_of_practices_are_what_is_stated() -> None:
    assert plain_constants("practices") == STATED
