"""Documents: notices, receipts and reports of a day as PDF, stored or printed many at once."""
