"""The databases' schemas: `python -m chassis.migrations upgrade practices|all`, `check practices|all`."""

import sys

from chassis.storage.migrations import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
