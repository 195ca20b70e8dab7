"""One service process: `python -m chassis.run practices`."""

import sys

from chassis.runtime.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
