"""Identity: SPID login, sessions, the consent ledger, and the citizen's own data."""
