"""Our side of pagoPA's archive of notices (ACA): what is to stand there, sent at pagoPA's pace."""
