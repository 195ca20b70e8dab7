"""The only SQL of payments. Locks are taken in one order: settlement rows, positions, checkouts, items, receipts."""
