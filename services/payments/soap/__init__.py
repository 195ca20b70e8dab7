"""SOAP 1.1 as the pagoPA node speaks it to a creditor body: paForNode (pagopa.md section 3)."""
