"""Messages between processes: frames and names on the broker, publishing, relay, RPC client, dead letters."""
