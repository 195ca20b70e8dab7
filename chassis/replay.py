"""Past events for one consumer: `python -m chassis.replay --consumer QUEUE --from MOMENT --type NAME.v1`."""

import sys

from chassis.messaging.replay import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
