"""Commands for ops: `python -m services.notices COMMAND`.

mails [STATE]   how many mails there are in each state, or those of one state: unknown, given_up, bounced, queued …
send-again ID   queue once more a mail whose outcome is unknown or that was given up
record-bounces  take in a delivery report from standard input, or the new ones of a maildir
"""

import argparse
import os
import sys
from pathlib import Path
from uuid import UUID

from chassis import clock, logs
from chassis.storage.database import Database
from services.notices import models
from services.notices.mail.domain import State
from services.notices.mail.repository import mails
from services.notices.mail.usecases import bounces


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    logs.configure("notices", os.environ.get("LOG_LEVEL", "INFO").upper())
    asked = _parser().parse_args(arguments)
    database = Database.of_service("notices", models)
    try:
        if asked.command == "mails":
            return _list(database, asked.state)
        if asked.command == "record-bounces":
            return _record_bounces(database, asked.maildir)
        return _send_again(database, asked.id)
    finally:
        database.close()


def _list(database: Database, state: str | None) -> int:
    with database.reading() as session:
        if state is None:
            for (kind, found), count in mails.counts(session).items():
                sys.stdout.write(f"{kind}\t{found}\t{count}\n")
            return 0
        for mail in mails.in_state(session, state):
            at = (mail.sending_at or mail.queued_at).isoformat(timespec="seconds")
            sys.stdout.write(f"{mail.id}\t{mail.kind}\t{mail.practice_id}\t{at}\t{mail.reason or ''}\n")
    return 0


def _send_again(database: Database, mail_id: UUID) -> int:
    with database.transaction() as tx:
        if mails.send_again(tx.session, mail_id, clock.now()):
            return 0
    sys.stderr.write(f"{mail_id}: there is no such mail, or it is neither unknown nor given up\n")
    return 1


def _record_bounces(database: Database, maildir: Path | None) -> int:
    """Exit code 0 also for what is no report about a mail of ours: who pipes mail in here must not get it back."""
    if maildir is None:
        bounces.record(database, sys.stdin.buffer.read(), clock.now())
        return 0
    # File by file, as they were delivered: what is no mail at all is set aside as seen like the others.
    for file in sorted([*(maildir / "new").iterdir(), *(maildir / "cur").iterdir()]):
        name, _, flags = file.name.partition(":2,")
        if "S" not in flags:
            bounces.record(database, file.read_bytes(), clock.now())
            file.rename(maildir / "cur" / f"{name}:2,{''.join(sorted({*flags, 'S'}))}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.notices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("mails")
    listing.add_argument("state", nargs="?", choices=[state.value for state in State])
    record = commands.add_parser("record-bounces")
    record.add_argument("--maildir", type=Path, help="folder of the mailbox that MAIL_BOUNCE_ADDRESS delivers to")
    again = commands.add_parser("send-again")
    again.add_argument("id", type=UUID)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
