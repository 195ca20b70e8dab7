"""Settlement flows (flusso di rendicontazione, FdR) as they come from outside: files and the fdr-org REST API."""
