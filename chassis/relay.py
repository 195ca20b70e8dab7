"""The outbox relay of one service: `python -m chassis.relay practices`."""

import sys

from chassis.messaging.relay import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
