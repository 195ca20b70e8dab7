"""Imported first by every process that runs nameko: makes the standard library green, psycopg2 included.

eventlet announces its retirement at each import; nameko 3 needs it all the same.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import eventlet

eventlet.monkey_patch()
