"""What every process is bolted onto: settings, logs, database, outbox, inbox, RPC, health. No noun of the domain."""
