"""One function per command: login, sessions, privacy, logout by the identity provider, upkeep."""
