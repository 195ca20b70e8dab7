"""The only SQL of payments. Locks are taken in one order: positions, checkouts, items, receipts."""
