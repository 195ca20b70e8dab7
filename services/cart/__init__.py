"""cart: what a payer has put together to pay at once, five notices of one entity at most."""
