"""The only place that knows nameko and eventlet: entrypoints, what is injected into services, the service process."""
