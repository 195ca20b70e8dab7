"""Sending events to the entities' software over HTTPS, by the scheme of Standard Webhooks."""
