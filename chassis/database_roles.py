"""The roles of a service's database: `python -m chassis.database_roles apply practices|all`."""

import sys

from chassis.storage.roles import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
