"""One module per kind of command: logins and sessions, invitations, colleagues."""
