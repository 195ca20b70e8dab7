"""Stand-ins for the outside parties (SPID, pagoPA) and the one-command run. Never part of a production image."""
