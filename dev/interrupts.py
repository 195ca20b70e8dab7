"""Imported first: until a command says otherwise, Ctrl-C ends the process without a word (and without a traceback)."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
