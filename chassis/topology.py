"""The queues the services listen on: `python -m chassis.topology declare|migrate practices|all`."""

import sys

from chassis.runtime.topology import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
