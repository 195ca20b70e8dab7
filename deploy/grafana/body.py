"""For a public body: what people do and what comes of it."""

from typing import Final

from deploy.grafana.expressions import DOOR, PAGES, answered
from deploy.grafana.panels import Dashboard, Panel, Row

BODY: Final = Dashboard(
    uid="portal-body",
    title="Body",
    about="What people do and what comes of it. Counts of the last hour.",
    refresh="5m",
    span="now-24h",
    rows=[
        Row(
            "Payments",
            [
                Panel(
                    "Confirmed by a receipt",
                    {
                        "payments": "sum(increase(events_handled_total"
                        '{consumer="practices.on_payment_confirmed", outcome="done"}[1h])) or vector(0)'
                    },
                ),
                Panel(
                    "Visits to Checkout",
                    {
                        "opened": answered("payments.start_checkout"),
                        "Checkout did not answer": answered("payments.start_checkout", "checkout_unavailable"),
                        "being paid already": answered("payments.start_checkout", "practice_being_paid"),
                    },
                ),
                Panel(
                    "The node's calls",
                    {"{{status}}": f"sum by (status) (increase(gateway_requests_total{{{DOOR}}}[1h]))"},
                ),
            ],
        ),
        Row(
            "Practices",
            [
                Panel(
                    "Searches",
                    {
                        "found": answered("practices.search"),
                        "nothing found": answered("practices.search", "practice_not_found"),
                    },
                ),
                Panel(
                    "Insertions",
                    {
                        "inserted": answered("practices.insert"),
                        "equal one found": answered("practices.insert", "equal_practice_found"),
                    },
                ),
                Panel(
                    "Sent by the entities' software",
                    {"debts": answered("practices.put_debt"), "files": answered("practices.import_debts")},
                ),
            ],
        ),
        Row(
            "Logins",
            [
                Panel(
                    "Logins",
                    {
                        "begun": answered("identity.start_login"),
                        "logged in": answered("identity.finish_login"),
                        "refused": answered("identity.finish_login", "login_refused"),
                    },
                ),
                Panel(
                    "Consents",
                    {"granted": answered("identity.grant"), "revoked": answered("identity.revoke")},
                ),
                Panel(
                    "Age of the list of identity providers",
                    {"age": "max(idp_registry_age_seconds)"},
                    unit="s",
                    kind="stat",
                    alarm=3 * 86_400,
                ),
            ],
        ),
        Row(
            "Documents and mail",
            [
                Panel(
                    "Documents",
                    {"notices": answered("notices.notice"), "receipts": answered("notices.receipt")},
                ),
                Panel("Mails by end", {"{{kind}} {{state}}": "sum by (kind, state) (increase(mails_total[1h]))"}),
                Panel(
                    "Answers to people",
                    {"{{status}}": f"sum by (status) (increase(gateway_requests_total{{{PAGES}}}[1h]))"},
                ),
            ],
        ),
    ],
)
