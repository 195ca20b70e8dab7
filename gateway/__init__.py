"""The only HTTP of the system: citizens' pages, the JSON API, the node's SOAP, SPID's bindings, health."""
