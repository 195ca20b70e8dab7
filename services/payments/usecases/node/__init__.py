"""Answer the pagoPA node. Verify and getPayment read and never lock; a receipt is answered after its commit."""
