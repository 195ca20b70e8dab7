"""Refunds as files for the bank."""
