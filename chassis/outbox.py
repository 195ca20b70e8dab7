"""Events published again: `python -m chassis.outbox republish --since 2026-11-01T00:00:00+01:00`."""

import sys

from chassis.messaging.outbox_replay import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
