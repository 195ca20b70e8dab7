"""The whole system in one process, on a broker inside it: for a laptop and for tests, never in a production image."""
