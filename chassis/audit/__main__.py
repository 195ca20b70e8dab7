"""The audit of a service looked through: `python -m chassis.audit verify practices`."""

import sys

from chassis.audit.verification import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
