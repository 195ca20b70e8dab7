"""`./portal up`: a whole copy of the system with its stand-ins, in one process or in one per service."""
