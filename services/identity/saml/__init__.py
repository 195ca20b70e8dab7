"""SPID's profile of SAML 2.0, as a service provider sees it, on lxml and signxml.

Pure: keys, clock and identifiers are arguments; nothing here reads a file, a setting or a database, except
`idp_registry.load` and `certificate`, which are about files.
"""
