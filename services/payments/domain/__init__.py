"""Pure rules of payments: positions, the answer to the node, checkouts, receipts. No I/O, the clock comes in."""
