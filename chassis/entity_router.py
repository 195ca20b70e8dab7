"""Copies of events for the entities' own software on the broker: `python -m chassis.entity_router`."""

import sys

from chassis.messaging.entity_router import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
