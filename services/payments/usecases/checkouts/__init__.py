"""Checkouts: reserve the practices, open with pagoPA, follow the payer, end what nobody ends.

Order of `start.CheckoutStarter.start`: the checkout is stored and holds its practices (one transaction), then pagoPA
is asked (no transaction), then its answer is stored with CheckoutStarted (one transaction). Whoever dies in between
leaves a checkout in `opening`: the same key tries again after the lease, otherwise the janitor gives it up. No payer
has its link, so nothing can be paid through it.
"""
