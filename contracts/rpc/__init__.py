"""One module per service: the schemas and the `Call`s it answers."""
