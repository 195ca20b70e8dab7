"""The chapters of the API's document, in their order."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Tag(StrEnum):
    """A chapter; those for an API key say so."""

    CATALOGUE = "Catalogue"
    PRACTICES = "Practices"
    CART = "Cart"
    CHECKOUTS = "Checkouts"
    CITIZEN = "Citizen"
    DEBTS = "Debts (API key)"
    IMPORTS = "Imports (API key)"
    PRINTING = "Printing (API key)"
    RECONCILIATION = "Reconciliation (API key)"
    SETTLEMENT = "Settlement (API key)"
    UNEXPECTED_MONEY = "Unexpected money (API key)"
    WEBHOOKS = "Webhooks (API key)"
    DEAD_LETTERS = "Dead letters (operator's key)"
    STATUS = "Status"


TAGS: Final[Mapping[Tag, str]] = {
    Tag.CATALOGUE: "Creditors and what they may be paid for.",
    Tag.PRACTICES: "What is owed: searched, listed, inserted, printed.",
    Tag.CART: "What will be paid together.",
    Tag.CHECKOUTS: "Paying through pagoPA Checkout.",
    Tag.CITIZEN: "Who is logged in, their consents and their data.",
    Tag.DEBTS: "The entity's debts, one by one.",
    Tag.IMPORTS: "The entity's debts, as files.",
    Tag.PRINTING: "The notices of many debts.",
    Tag.RECONCILIATION: "Payments received, and events.",
    Tag.SETTLEMENT: "Settlement flows beside the bank's credits.",
    Tag.UNEXPECTED_MONEY: "Payments that nobody expected: refunded, counted for something else, or explained.",
    Tag.WEBHOOKS: "Payments' events, sent to the entity's software (Standard Webhooks).",
    Tag.DEAD_LETTERS: "Events that a part of the portal has given up on.",
    Tag.STATUS: "Whether the API works.",
}
