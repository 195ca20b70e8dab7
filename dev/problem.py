"""What stops a command, said to a person."""


class ProblemError(Exception):
    """One clear sentence: what is wrong and what to do. Shown without a traceback; the command exits with 1."""
