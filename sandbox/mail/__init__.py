"""A stand-in for the mail of the outside world: an SMTP server that stores what it gets, and a page to read it."""
