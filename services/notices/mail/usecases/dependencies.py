"""What the use cases of mail work with."""

from dataclasses import dataclass

from chassis.storage.database import Database
from contracts.call import Rpc
from services.notices.mail.settings import MailSettings


@dataclass(frozen=True)
class MailDependencies:
    """`public_url`: where the links in a mail lead."""

    database: Database
    rpc: Rpc
    settings: MailSettings
    public_url: str
