"""Events given up on: `python -m chassis.dead_letters list`, `… replay [QUEUE]`, `… discard QUEUE ID REASON`."""

import sys

from chassis.messaging.dead_letters import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
