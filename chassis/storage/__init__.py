"""A service's own database: transactions, outbox, inbox, idempotency keys, migrations, cleanup."""
