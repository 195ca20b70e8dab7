"""One function per command or event of practices; each orders its I/O and is handed `now`."""
