"""What every request passes: its id, log line and metrics, headers, size limit, rate limit, client address."""
