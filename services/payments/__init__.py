"""payments: what was paid. Checkouts, the pagoPA node's SOAP, receipts, the truth about every euro."""
