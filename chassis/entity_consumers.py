"""Users of the broker for the entities' own software: `python -m chassis.entity_consumers apply`, `… password`."""

import sys

from chassis.messaging.entity_consumers import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
