"""All services, and what works beside them, as one family of processes: `python -m chassis.family`."""

import sys

from chassis.runtime.whole_family import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
