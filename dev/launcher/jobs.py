"""One-shot jobs of docker-compose.yml's sandbox profile: `python -m dev.launcher.jobs keys|import FOLDER`.

`keys` makes what the portal and the stand-ins sign and recognise each other with; `import` sends the sample debts to
the portal named by PORTAL_HOST and PORTAL_PORT. Both change nothing where they have been done.
"""

import os
import sys
from pathlib import Path

from dev.console import complain
from dev.launcher.copy import Copy
from dev.launcher.environment import environment
from dev.launcher.readiness import import_first_debts, wait_until_ready
from dev.paths import Home
from dev.problem import ProblemError


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case ["keys", folder]:
            copy = _copy(folder)
            copy.home.create()
            environment(copy)
        case ["import", folder]:
            copy = _copy(folder)
            wait_until_ready(copy)
            import_first_debts(copy)
        case _:
            sys.stderr.write("usage: python -m dev.launcher.jobs keys|import FOLDER\n")
            return 2
    return 0


def _copy(folder: str) -> Copy:
    host, port = os.environ.get("PORTAL_HOST", "127.0.0.1"), int(os.environ.get("PORTAL_PORT", "8080"))
    return Copy(Home(Path(folder)), host, port, spid_port=8088, pagopa_port=8089, mail_port=8090, smtp_port=8025)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ProblemError as problem:
        complain(str(problem))
        sys.exit(1)
