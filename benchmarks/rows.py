"""The rows of `./portal bench`, in the order of its table; each is the module of that name."""

from typing import Final

ROWS: Final = (
    "events",
    "events_payments",
    "api_list",
    "pages",
    "rpc_echo",
    "reply_trip",
    "practice_commit",
    "debt_import",
    "notices",
    "notice_job",
    "node_soap",
    "node_positions",
    "node_processes",
    "settlement_flow",
    "large_debtor",
    "table_growth",
    "memory",
    "saml",
)
