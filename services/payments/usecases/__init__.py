"""One function per command or event: all I/O in order, all decisions taken by the domain."""
