"""The broker's users, one for each process: `python -m chassis.broker_users apply`."""

import sys

from chassis.messaging.broker_users import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
