"""The outbox relay of one service, or of all in one process: `python -m chassis.relay practices|all`."""

import sys

from chassis.messaging.relay import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
