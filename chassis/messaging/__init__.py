"""Messages between processes: their JSON, names and frames on the broker, publishing, relay, RPC, dead letters."""
