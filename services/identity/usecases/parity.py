"""Tell notices what its projection of the consents is proven against."""

from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.identity import consent_lines
from services.identity.settings import Settings


def consents(database: Database, settings: Settings) -> CountedSide:
    """Return what notices' projection is compared with."""
    return CountedSide(database, consent_lines.consents([one.id for one in settings.documents]))


def changed(database: Database, asked: ChangedRequest) -> Changed:
    """Return which citizens our events of a period are about."""
    with database.reading() as session:
        return consent_lines.changed(session, asked)


def tell_again(database: Database, asked: TellAgainRequest) -> ToldAgain:
    """Return our published events about citizens."""
    with database.reading() as session:
        return consent_lines.told_again(session, asked)
