"""What crosses a process boundary: events, RPC requests and replies, errors, value objects."""
