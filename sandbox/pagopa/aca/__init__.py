"""A stand-in for pagoPA's archive of notices (ACA): GPD-for-ACA, one position a call or in files."""
