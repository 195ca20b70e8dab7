"""Receipts that never came, asked of pagoPA's BizEvents."""
