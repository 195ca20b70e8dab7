"""What the contracts promise as a value is stated once more, in `frozen/values.json`: changed only on purpose."""

import pytest

from tests.contract.frozen_values import frozen, values

FROZEN = frozen()
NOW = values()
HOW = "./portal generate"


def test_every_constant_and_default_of_the_contracts_is_stated() -> None:
    assert not set(NOW) - set(FROZEN), f"freeze what is new: {HOW}"


@pytest.mark.parametrize("name", FROZEN)
def test_a_value_is_what_was_promised(name: str) -> None:
    assert NOW.get(name) == FROZEN[name], "a promise: change frozen/values.json by hand, and tell it in the changelog"


def test_what_is_stated_says_the_same_in_every_process() -> None:
    assert not [name for name, text in FROZEN.items() if " object at 0x" in text or "<function" in text]
