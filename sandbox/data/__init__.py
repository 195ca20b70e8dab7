"""The running example: a body, its catalogue, its debts, its test citizens. All invented."""
