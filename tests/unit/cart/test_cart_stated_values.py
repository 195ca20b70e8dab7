"""The constants of the cart, stated: whoever changes one changes it here too, and says so."""

from datetime import timedelta

from tests.unit.stated_values import plain_constants

STATED = {
    "domain.RETENTION": timedelta(days=30),
}


def test_the_constants_of_cart_are_what_is_stated() -> None:
    assert plain_constants("cart") == STATED
