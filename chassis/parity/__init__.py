"""Proving a projection against its source: what differs, found by halves of halves, and when it is looked for."""
