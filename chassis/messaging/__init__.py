"""Messages between processes: their JSON, frames and names on the broker, publishing, relay, RPC client, dead letters."""
