"""Commands for ops: `python -m services.notices COMMAND`.

mails [STATE]   how many mails there are in each state, or those of one state: unknown, given_up, bounced, queued …
send-again ID   queue once more a mail whose outcome is unknown or that was given up
"""

import argparse
import os
import sys
from uuid import UUID

from chassis import clock, logs
from chassis.database import Database
from services.notices import models
from services.notices.mail import repository
from services.notices.mail.domain import State


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    logs.configure("notices", os.environ.get("LOG_LEVEL", "INFO").upper())
    asked = _parser().parse_args(arguments)
    database = Database.of_service("notices", models)
    try:
        if asked.command == "mails":
            return _list(database, asked.state)
        return _send_again(database, asked.id)
    finally:
        database.close()


def _list(database: Database, state: str | None) -> int:
    with database.reading() as session:
        if state is None:
            for (kind, found), count in repository.counts(session).items():
                sys.stdout.write(f"{kind}\t{found}\t{count}\n")
            return 0
        for mail in repository.mails_in(session, state):
            at = (mail.sending_at or mail.queued_at).isoformat(timespec="seconds")
            sys.stdout.write(f"{mail.id}\t{mail.kind}\t{mail.practice_id}\t{at}\t{mail.reason or ''}\n")
    return 0


def _send_again(database: Database, mail_id: UUID) -> int:
    with database.transaction() as tx:
        if repository.send_again(tx.session, mail_id, clock.now()):
            return 0
    sys.stderr.write(f"{mail_id}: there is no such mail, or it is neither unknown nor given up\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.notices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("mails")
    listing.add_argument("state", nargs="?", choices=[state.value for state in State])
    again = commands.add_parser("send-again")
    again.add_argument("id", type=UUID)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
