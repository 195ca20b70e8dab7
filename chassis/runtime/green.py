"""Imported first by every process that runs nameko: makes the standard library green, psycopg2 included."""

import eventlet

eventlet.monkey_patch()
