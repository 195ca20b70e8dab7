"""The constants of practices and debt files, stated: whoever changes one changes it here too, and says so."""

from tests.unit.stated_values import plain_constants

STATED = {
    "archive._NOBODY": "ANONIMO",
    "debt.PLAN_BY_REFERENCE": "-*",
    "debt._PLAN": "rate",
    "debt_rules.EMAIL_LEFT_OUT": "email_left_out",
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
            "payable_until",
            "instalment",
            "state",
            "state_since",
            "state_until",
        ),
        *("overdue", "payable", "not_payable_code", "needs_attention", "online_only", "postal_slip", "created_at"),
    ),
    # Thirteen digits of a notice number are ours.
    "notice_bases.BASES": 10_000_000_000_000,
    "notice_bases._ROUNDS": 8,
    "transfers.TRANSFERS_MAX": 5,
    "transfers.STAMP_CATEGORY": "9/1201105IM/",
    "typed_notice._IUV_DIGITS": 17,
    "typed_notice._NOTICE_DIGITS": 18,
    "typed_notice._MAX_CHARS": 400,
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
    "packed_files._GZIP_MARK": b"\x1f\x8b",
    "packed_files._PIECE_BYTES": 1_048_576,
    "packed_files._GZIP_OR_ZLIB": 31,
    "remedies._TEXT": "Riscrivi la cella senza caratteri di controllo.",
    "rows.COLUMNS": (
        *("codice_debito", "servizio", "codice_fiscale", "cognome_nome", "email", "causale", "importo", "scadenza"),
        *("rata", "rate_totali"),
    ),
    "rows.OPTIONAL_COLUMNS": (
        *("importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino", "mora", "interessi_annui"),
        *("data_stampata", "posizione", "opzione"),
    ),
    "rows._MAY_BE_ABSENT": frozenset(
        {"email", "scadenza", "rata", "rate_totali"}
        | {"importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino", "mora", "interessi_annui"}
        | {"data_stampata", "posizione", "opzione"}
    ),
    # At once; as a job.
    "rows.FILE_MAX_BYTES": 5_242_880,
    "rows.ROWS_MAX": 20_000,
    "rows.JOB_MAX_BYTES": 536_870_912,
    "rows.JOB_ROWS_MAX": 1_000_000,
    "rows._REMEMBERED": 256,
    "rows._HEADER_MAX_BYTES": 65_536,
    "table._SEPARATORS": (";", ",", "\t", "|"),
    "table._CELL_LINES_MAX": 10,
    "table._LINE_MAX_CHARS": 8_388_608,
    "table._OVERLONG": '"',
}


def test_the_constants_of_practices_are_what_is_stated() -> None:
    assert plain_constants("practices") == STATED
