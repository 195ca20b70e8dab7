"""The SQL of mail."""
