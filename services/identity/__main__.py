"""Commands for whoever runs the portal: `python -m services.identity COMMAND`.

make-certificate  a new key and a conformant self-signed certificate for a public entity
why-refused       why a login was refused, by the reference that was shown: nothing personal
extract-trace     the SAML messages of a login, in clear, for the authority
refresh-idps      the SPID registry's list of identity providers, believed only if its pinned certificate signed it
delete-expired    what the service's timer does every hour
invite-administrator  the first administrator of an entity's office: prints the link; asks for the fiscal code
end-sessions      all sessions of one person end, whose fiscal code it asks for; with --everybody those of all
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from chassis import clock, logs
from chassis.settings import environment
from chassis.storage.database import Database
from chassis.storage.database_clock import database_time
from contracts.codes import FiscalCode
from contracts.errors import Refused
from services.identity import clients, models
from services.identity.operators.domain import operator_rules
from services.identity.operators.usecases import invitations
from services.identity.saml import certificate
from services.identity.saml.idp_registry import RegistryError
from services.identity.settings import Settings, registry_source
from services.identity.usecases import helpdesk, registry_refresh, upkeep

log = logs.get_logger("identity.commands")


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    logs.configure("identity", os.environ.get("LOG_LEVEL", "INFO").upper())
    asked = _parser().parse_args(arguments)
    if asked.command == "make-certificate":
        return _make_certificate(asked)
    if asked.command == "refresh-idps":
        return _refresh_idps(asked.source)
    database = Database.of_service("identity", models)
    if asked.command == "delete-expired":
        upkeep.delete_expired(database, database_time(database))
        return 0
    if asked.command == "invite-administrator":
        return _invite_administrator(database, asked)
    if asked.command == "end-sessions":
        return _end_sessions(database, everybody=asked.everybody)
    if asked.command == "why-refused":
        report = helpdesk.why_refused(database, asked.reference)
        return _print(report and asdict(report))
    return _print(upkeep.extract_traces(database, Settings.load(), asked.reference))


def _print(found: object) -> int:
    """Print as JSON; exit code 1 where there is nothing."""
    json.dump(found, sys.stdout, indent=2, ensure_ascii=False, default=datetime.isoformat)
    sys.stdout.write("\n")
    return 0 if found else 1


def _make_certificate(asked: argparse.Namespace) -> int:
    entity = certificate.Entity(name=asked.name, ipa_code=asked.ipa_code, entity_id=asked.entity_id, city=asked.city)
    folder = Path(asked.folder)
    if (folder / "key.pem").exists():
        sys.stderr.write(f"{folder / 'key.pem'} is there already: choose another folder\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    made = certificate.make(entity, clock.now())
    certificate.write_private(folder / "key.pem", made.key)
    (folder / "cert.pem").write_bytes(made.certificate)
    return 0


def _invite_administrator(database: Database, asked: argparse.Namespace) -> int:
    """Print the link that makes its reader an administrator, if they have the fiscal code that is typed here.

    The code is read from standard input: a command line is seen by others, and remembered.
    """
    sys.stderr.write("Fiscal code of the person, who alone will be able to accept: ")
    sys.stderr.flush()
    try:
        token = invitations.invite_administrator(
            database, asked.entity, asked.email, sys.stdin.readline().strip(), clock.now()
        )
    except Refused as refusal:
        sys.stderr.write(f"not invited: {refusal.code.value} {refusal.params or ''}\n")
        return 1
    public_url = environment().str("PUBLIC_URL", "http://localhost:8080").rstrip("/")
    days = operator_rules.INVITATION_LIFETIME.days
    sys.stdout.write(f"{public_url}/ufficio/invito/{token}\n")
    sys.stderr.write(f"Send this link to {asked.email}; it is good once, for {days} days.\n")
    return 0


def _end_sessions(database: Database, *, everybody: bool) -> int:
    """Say how many ended. The fiscal code is read from standard input, as that of who is invited is."""
    fiscal_code = None
    if not everybody:
        sys.stderr.write("Fiscal code of the person: ")
        sys.stderr.flush()
        try:
            fiscal_code = FiscalCode.typed(sys.stdin.readline().strip())
        except Refused as refusal:
            sys.stderr.write(f"nothing ended: {refusal.code.value}\n")
            return 1
    ended = upkeep.end_sessions(database, fiscal_code, database_time(database))
    sys.stdout.write(f"{ended} sessions ended\n")
    return 0


def _refresh_idps(source: str | None) -> int:
    """Exit code 1, and the last good copy stays, when there is nothing new to be believed."""
    try:
        registry = registry_source(environment())
    except (OSError, RegistryError) as error:
        log.exception("idp_registry_not_refreshed", reason=str(error))
        return 1

    def fetch() -> bytes:
        return Path(source).read_bytes() if source else clients.fetch_registry(registry.url)

    return 0 if registry_refresh.refresh(registry, fetch, clock.now()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.identity", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make-certificate")
    make.add_argument("folder", help="where to write key.pem and cert.pem")
    make.add_argument("--name", required=True, help="the entity's full legal name")
    make.add_argument("--ipa-code", required=True)
    make.add_argument("--entity-id", required=True, help="PUBLIC_URL + /spid/metadata")
    make.add_argument("--city", required=True)
    why = commands.add_parser("why-refused")
    why.add_argument("reference", help="the code that was shown")
    extract = commands.add_parser("extract-trace")
    extract.add_argument("reference", help="the code that was shown, an AuthnRequest id, or a citizen id")
    refresh = commands.add_parser("refresh-idps")
    refresh.add_argument("--from", dest="source", help="a file already downloaded, instead of SPID_REGISTRY_URL")
    commands.add_parser("delete-expired")
    end = commands.add_parser("end-sessions")
    end.add_argument("--everybody", action="store_true", help="the sessions of all citizens and all operators")
    invite = commands.add_parser("invite-administrator")
    invite.add_argument("entity", help="the entity's code, such as PM108")
    invite.add_argument("email", help="where the link will be sent, by whoever runs this")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
