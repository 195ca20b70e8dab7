"""One service process, or a family of all: `python -m chassis.run practices|all`."""

import sys

from chassis.runtime.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
