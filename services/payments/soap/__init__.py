"""SOAP 1.1 as the pagoPA node speaks it to a creditor: paForNode (pagopa.md section 3)."""
